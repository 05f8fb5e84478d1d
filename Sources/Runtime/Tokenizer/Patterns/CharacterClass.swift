/// A set of Unicode scalars: single ASCII characters, and whole categories and ranges of the others.
struct CharacterClass {
  /// A bit a character below U+0080.
  private var ascii: (low: UInt64, high: UInt64) = (0, 0)
  /// A bit a category, of the characters from U+0080 on.
  private var categories: UInt32 = 0
  private var ranges: [ClosedRange<UInt32>] = []
  /// Whether characters from U+0080 on are those outside categories and ranges.
  private var isComplement = false

  init() {}

  init(categories: UInt32) { insert(categories: categories) }

  init(_ scalar: UInt32) { insert(scalar...scalar) }

  static let lineFeed = CharacterClass(0x0A)
  /// Regular expressions' `.`.
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

  /// With the letters that differ in case alone (of those whose simple folding is an ASCII letter).
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

  /// Whether a character from U+0080 on may be in it.
  var mayContainWide: Bool { isComplement || categories != 0 || !ranges.isEmpty }
}

/// General categories as small numbers, with one more for the control characters that are white space.
enum ScalarCategory {
  /// The two-letter names, each at its number.
  static let names = [
    "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm",
    "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn", "Cc",
  ]
  private static let whiteControl = 30

  /// A bit for each number whose name begins with `prefix`.
  static func mask(_ prefix: String) -> UInt32 {
    names.enumerated().reduce(0) { $1.element.hasPrefix(prefix) ? $0 | 1 << UInt32($1.offset) : $0 }
  }

  static let spaces = mask("Z") | 1 << UInt32(whiteControl)

  private static let wordsBesideLetters = mask("M") | mask("Nd") | mask("Pc")

  /// Of the scalars below U+10000.
  private static let table: [UInt8] = (0..<0x10000).map { look(UInt32($0)) }

  @inline(__always)
  static func of(_ scalar: UInt32) -> UInt8 { scalar < 0x10000 ? table[Int(scalar)] : look(scalar) }

  static func isSpace(_ scalar: UInt32) -> Bool { spaces >> UInt32(of(scalar)) & 1 != 0 }

  /// Whether a character is one of words, as Rust's regular expressions have it.
  static func isWord(_ value: UInt32) -> Bool {
    wordsBesideLetters >> UInt32(of(value)) & 1 != 0 || value == 0x200C || value == 0x200D
      || Unicode.Scalar(value)?.properties.isAlphabetic == true
  }

  private static func look(_ value: UInt32) -> UInt8 {
    guard let scalar = Unicode.Scalar(value) else { return 27 }
    if 0x09...0x0D ~= value || value == 0x85 { return UInt8(whiteControl) }
    return switch scalar.properties.generalCategory {
    case .uppercaseLetter: 0
    case .lowercaseLetter: 1
    case .titlecaseLetter: 2
    case .modifierLetter: 3
    case .otherLetter: 4
    case .nonspacingMark: 5
    case .spacingMark: 6
    case .enclosingMark: 7
    case .decimalNumber: 8
    case .letterNumber: 9
    case .otherNumber: 10
    case .connectorPunctuation: 11
    case .dashPunctuation: 12
    case .openPunctuation: 13
    case .closePunctuation: 14
    case .initialPunctuation: 15
    case .finalPunctuation: 16
    case .otherPunctuation: 17
    case .mathSymbol: 18
    case .currencySymbol: 19
    case .modifierSymbol: 20
    case .otherSymbol: 21
    case .spaceSeparator: 22
    case .lineSeparator: 23
    case .paragraphSeparator: 24
    case .control: 25
    case .format: 26
    case .surrogate: 27
    case .privateUse: 28
    case .unassigned: 29
    @unknown default: 29
    }
  }
}

/// Stepping through UTF-8 that is known to be well formed.
enum UTF8Scalars {
  /// The scalar at `position` and where it ends.
  @inline(__always)
  static func read(_ text: UnsafeBufferPointer<UInt8>, _ position: Int) -> (scalar: UInt32, end: Int) {
    let byte = text[position]
    if byte < 0x80 { return (UInt32(byte), position + 1) }
    let length = byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
    let end = min(position + length, text.count)
    var value = UInt32(byte) & (0xFF >> UInt32(length + 1))
    for i in (position + 1)..<end { value = value << 6 | UInt32(text[i] & 0x3F) }
    return (value, end)
  }

  /// Where the scalar that ends at `position` begins.
  @inline(__always)
  static func before(_ text: UnsafeBufferPointer<UInt8>, _ position: Int) -> Int {
    var start = position - 1
    while start > 0, text[start] & 0xC0 == 0x80 { start -= 1 }
    return start
  }
}
