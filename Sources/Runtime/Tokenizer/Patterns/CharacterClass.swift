/// A set of Unicode scalars, laid out for quick tests: a bit per scalar below U+10000, bounds for the others.
struct CharacterClass: Sendable {
  private let bits: [UInt64]
  private let set: ScalarSet

  /// The number of words that the bits take.
  static let words = 0x10000 / 64

  init(_ set: ScalarSet) { (bits, self.set) = (Self.bits(of: set), set) }

  /// A bit per scalar below U+10000.
  static func bits(of set: ScalarSet) -> [UInt64] {
    var bits = [UInt64](repeating: 0, count: words)
    for range in set.ranges where range.lowerBound < 0x10000 {
      var scalar = range.lowerBound
      let end = min(range.upperBound, 0x10000)
      while scalar < end {
        // The bits of one word at a time.
        let count = min(64 - scalar % 64, end - scalar)
        let mask = count == 64 ? UInt64.max : (1 << UInt64(count) - 1) << UInt64(scalar % 64)
        bits[Int(scalar / 64)] |= mask
        scalar += count
      }
    }
    return bits
  }

  @inline(__always)
  func contains(_ scalar: UInt32) -> Bool {
    guard scalar < 0x10000 else { return set.contains(scalar) }
    return bits.withUnsafeBufferPointer { $0[Int(scalar >> 6)] >> UInt64(scalar & 63) & 1 != 0 }
  }
}
