/// Conversions between F32 and the two 16-bit floats, in integer arithmetic so that they are inlined.
package enum HalfPrecision {
  /// The value of an IEEE 754 half; exact.
  @inline(__always)
  package static func float(f16 half: UInt16) -> Float {
    let sign = UInt32(half & 0x8000) << 16
    let magnitude = UInt32(half & 0x7FFF) << 13
    if magnitude >= 0x0F80_0000 { return Float(bitPattern: sign | magnitude | 0x7F80_0000) }
    // Moves the exponent's bias from 15 to 127, subnormal numbers included.
    return Float(bitPattern: sign | (Float(bitPattern: magnitude) * 0x1p112).bitPattern)
  }

  /// The value of a bfloat16; exact.
  @inline(__always)
  package static func float(bf16 half: UInt16) -> Float { Float(bitPattern: UInt32(half) << 16) }

  /// The nearest half, ties to even; beyond 65504 and its rounding, infinity.
  @inline(__always)
  package static func f16(_ value: Float) -> UInt16 {
    let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16) & 0x8000
    let magnitude = value.bitPattern & 0x7FFF_FFFF
    if magnitude > 0x7F80_0000 { return sign | 0x7E00 }
    if magnitude >= 0x477F_F000 { return sign | 0x7C00 }
    if magnitude < 0x3880_0000 {
      // Below 2⁻¹⁴ a half's last place is 2⁻²⁴, which is that of a float at 0.5: the addition rounds.
      let rounded = (Float(bitPattern: magnitude) + 0.5).bitPattern &- 0x3F00_0000
      return sign | UInt16(truncatingIfNeeded: rounded)
    }
    let odd = (magnitude >> 13) & 1
    return sign | UInt16(truncatingIfNeeded: (magnitude &- 0x3800_0000 &+ 0xFFF &+ odd) >> 13)
  }

  /// The nearest bfloat16, ties to even.
  @inline(__always)
  package static func bf16(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    if bits & 0x7FFF_FFFF > 0x7F80_0000 { return UInt16(truncatingIfNeeded: bits >> 16) | 0x40 }
    return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16)
  }
}
