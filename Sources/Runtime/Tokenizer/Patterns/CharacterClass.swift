/// A set of Unicode scalars: single ASCII characters, whole categories and ranges of the others.
struct CharacterClass {
  /// One bit per character below U+0080.
  private var ascii: (low: UInt64, high: UInt64) = (0, 0)
  /// One bit per category, for characters from U+0080 on.
  private var categories: UInt32 = 0
  private var ranges: [ClosedRange<UInt32>] = []
  /// Whether the characters from U+0080 on are those outside of categories and ranges.
  private var isComplement = false

  init() {}

  init(categories: UInt32) { insert(categories: categories) }

  init(_ scalar: UInt32) { insert(scalar...scalar) }

  static let lineFeed = CharacterClass(0x0A)
  /// The class `.` of regular expressions.
  static let anyButLineFeed = lineFeed.complement

  mutating func insert(_ range: ClosedRange<UInt32>) {
    for scalar in range where scalar < 0x80 { setASCII(scalar) }
    if range.upperBound >= 0x80 { ranges.append(max(0x80, range.lowerBound)...range.upperBound) }
  }

  mutating func insert(categories mask: UInt32) {
    for scalar in UInt32(0)..<0x80 where mask >> UInt32(ScalarCategory.of(scalar)) & 1 != 0 { setASCII(scalar) }
    categories |= mask
  }

  private mutating func setASCII(_ scalar: UInt32) {
    if scalar < 64 { ascii.low |= 1 << UInt64(scalar) } else { ascii.high |= 1 << UInt64(scalar - 64) }
  }

  var complement: CharacterClass {
    var result = self
    result.ascii = (~ascii.low, ~ascii.high)
    result.isComplement.toggle()
    return result
  }

  /// The class with the letters added that differ in case alone, of those whose simple folding is an ASCII letter.
  var ignoringCase: CharacterClass {
    var result = self
    for upper in UInt32(0x41)...0x5A where contains(ascii: UInt8(upper)) || contains(ascii: UInt8(upper + 32)) {
      result.setASCII(upper)
      result.setASCII(upper + 32)
      if upper == 0x53 { result.ranges.append(0x17F...0x17F) }
      if upper == 0x4B { result.ranges.append(0x212A...0x212A) }
    }
    return result
  }

  @inline(__always)
  func contains(ascii byte: UInt8) -> Bool {
    (byte < 64 ? ascii.low >> UInt64(byte) : ascii.high >> UInt64(byte - 64)) & 1 != 0
  }

  /// - Parameter scalar: from U+0080 on.
  @inline(__always)
  func contains(wide scalar: UInt32) -> Bool {
    let isIn =
      categories >> UInt32(ScalarCategory.of(scalar)) & 1 != 0 || ranges.contains { $0.contains(scalar) }
    return isIn != isComplement
  }

  /// Whether the class may contain a character from U+0080 on.
  var mayContainWide: Bool { isComplement || categories != 0 || !ranges.isEmpty }
}
