/// Blocks of numbers with few values: ternary ones, and 4-bit ones that stand for the entries of a table.
extension GGMLBlocks {
  /// Block: 52 bytes of five or four numbers of base 3 each, as fractions of 256, scale: f16.
  static func tq1_0(_ source: Source, _ output: Output, _ count: Int) {
    for block in 0..<count {
      let source = source + 54 * block
      var output = output + 256 * block
      let scale = half(source + 52)
      for (start, width, digits) in [(0, 32, 5), (32, 16, 5), (48, 4, 4)] {
        var power: UInt8 = 1
        for _ in 0..<digits {
          for j in 0..<width {
            let fraction = byte(source, start + j) &* power
            output[j] = scale * Float(Int32((UInt16(fraction) &* 3) >> 8) &- 1)
          }
          output += width
          power &*= 3
        }
      }
    }
  }

  /// Block: 64 bytes of four 2-bit numbers, scale: f16.
  static func tq2_0(_ source: Source, _ output: Output, _ count: Int) {
    for block in 0..<count {
      let source = source + 66 * block
      let output = output + 256 * block
      let scale = half(source + 64)
      for group in 0..<8 {
        let shift = UInt8(truncatingIfNeeded: 2 * (group % 4))
        for j in 0..<32 {
          let number = byte(source, 32 * (group / 4) + j) >> shift & 3
          output[32 * group + j] = scale * Float(Int32(number) &- 1)
        }
      }
    }
  }

  /// Values that lie closer together around zero.
  private static let nonlinear: [Float] = [
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
  ]

  /// The values of a 4-bit float with 2 bits of exponent and 1 of mantissa (E2M1 of the OCP Microscaling Formats 1.0),
  /// doubled.
  private static let doubledE2M1: [Float] = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12]

  /// Writes twice `count` elements: those of the low halves of `count` bytes, then those of the high halves.
  @inline(__always)
  private static func entries(
    _ table: [Float], _ numbers: Source, _ scale: Float, _ output: Output, _ count: Int
  ) {
    for j in 0..<count {
      let pair = byte(numbers, j)
      output[j] = scale * table[Int(pair & 15)]
      output[j + count] = scale * table[Int(pair >> 4)]
    }
  }

  /// Block: scale: f16, 16 bytes of two 4-bit numbers.
  static func iq4_nl(_ source: Source, _ output: Output, _ count: Int) {
    let table = nonlinear
    for block in 0..<count {
      let source = source + 18 * block
      entries(table, source + 2, half(source), output + 32 * block, 16)
    }
  }

  /// Block: scale: f16, 16 bits and 4 bytes of eight 6-bit sub-scales, 128 bytes of two 4-bit numbers.
  static func iq4_xs(_ source: Source, _ output: Output, _ count: Int) {
    let table = nonlinear
    for block in 0..<count {
      let source = source + 136 * block
      let scale = half(source)
      let high: UInt16 = integer(source, 2)
      for group in 0..<8 {
        let low = byte(source, 4 + group / 2) >> UInt8(truncatingIfNeeded: 4 * (group % 2)) & 15
        let bits = Int32(low) | Int32(high >> UInt16(truncatingIfNeeded: 2 * group) & 3) << 4
        entries(
          table, source + (8 + 16 * group), scale * Float(bits &- 32), output + (256 * block + 32 * group), 16)
      }
    }
  }

  /// Block: scale: a power of two as its biased exponent (E8M0), 16 bytes of two 4-bit floats.
  static func mxfp4(_ source: Source, _ output: Output, _ count: Int) {
    let table = doubledE2M1
    for block in 0..<count {
      let source = source + 17 * block
      let exponent = UInt32(byte(source, 0))
      // Half the scale, as the table is doubled; the two smallest are subnormal numbers.
      let bits = exponent < 2 ? 0x20_0000 << exponent : (exponent - 1) << 23
      entries(table, source + 1, Float(bitPattern: bits), output + 32 * block, 16)
    }
  }

  /// Block: four scales: floats of 4 bits of exponent and 3 of mantissa (E4M3) without a sign, each of 8 bytes of two 4-bit
  /// floats.
  static func nvfp4(_ source: Source, _ output: Output, _ count: Int) {
    let table = doubledE2M1
    for block in 0..<count {
      let source = source + 36 * block
      for group in 0..<4 {
        let scale = halfOfE4M3(byte(source, group))
        entries(table, source + (4 + 8 * group), scale, output + (64 * block + 16 * group), 8)
      }
    }
  }

  /// Half the value of an E4M3 whose sign is not looked at; 0 for what is no number.
  @inline(__always)
  private static func halfOfE4M3(_ bits: UInt8) -> Float {
    guard bits != 0x7F else { return 0 }
    let exponent = UInt32(bits >> 3 & 15)
    let mantissa = UInt32(bits & 7)
    if exponent == 0 { return Float(mantissa) * 0x1p-10 }
    return Float(bitPattern: (exponent + 127 - 8) << 23 | mantissa << 20)
  }
}
