/// Unicode's general categories as small numbers, and one more for control characters that are white space.
enum ScalarCategory {
  /// The two-letter name per number.
  static let names = [
    "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm",
    "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn", "Cc",
  ]
  private static let whiteControl = 30

  /// A mask of the numbers whose names begin with `prefix`.
  static func mask(_ prefix: String) -> UInt32 {
    names.enumerated().reduce(0) { $1.element.hasPrefix(prefix) ? $0 | 1 << UInt32($1.offset) : $0 }
  }

  static let spaces = mask("Z") | 1 << UInt32(whiteControl)

  private static let wordsBesideLetters = mask("M") | mask("Nd") | mask("Pc")

  /// The category per scalar below U+10000.
  private static let table: [UInt8] = (0..<0x10000).map { look(UInt32($0)) }

  @inline(__always)
  static func of(_ scalar: UInt32) -> UInt8 { scalar < 0x10000 ? table[Int(scalar)] : look(scalar) }

  static func isSpace(_ scalar: UInt32) -> Bool { spaces >> UInt32(of(scalar)) & 1 != 0 }

  /// Whether Rust's regular expressions count a character as part of words.
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
