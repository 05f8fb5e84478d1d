/// The general categories of Unicode, and classes of characters made of them, in the versions that the `tokenizers` library has.
enum ScalarCategory {
  /// The set of each category by its name of two letters, in Unicode 16: that of the library's regular expressions.
  static let sets: [String: ScalarSet] = {
    var runs = [[ClosedRange<UInt32>]](repeating: [], count: names.count)
    for range in assigned {
      var start = range.lowerBound
      var (scalar, current) = (start, number(start))
      while scalar < range.upperBound {
        scalar += 1
        let next = number(scalar)
        guard next != current else { continue }
        runs[current].append(start...(scalar - 1))
        (start, current) = (scalar, next)
        scalar = uniform[start] ?? start
      }
      runs[current].append(start...range.upperBound)
    }
    var sets = Dictionary(uniqueKeysWithValues: zip(names, runs.map { ScalarSet(ascending: $0) }))
    for plane in [UInt32(0xF0000), 0x100000] { sets["Co"] = sets["Co"]?.union(ScalarSet(plane...(plane + 0xFFFD))) }
    sets["Cn"] = nil
    sets["Cn"] = sets.values.reduce(ScalarSet()) { $0.union($1) }.complement
    return sets
  }()

  private static let names = [
    "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm",
    "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn",
  ]
  private static let unassigned = 29

  /// The last scalar of large blocks of one category by their first, so that not each of them is looked up.
  private static let uniform: [UInt32: UInt32] = [
    0x3400: 0x4DBF, 0x4E00: 0x9FFF, 0xAC00: 0xD7A3, 0xD800: 0xDFFF, 0xE000: 0xF8FF, 0x13460: 0x143FA, 0x17000: 0x187F7,
    0x20000: 0x2A6DF, 0x2A700: 0x2B739, 0x2B740: 0x2B81D, 0x2B820: 0x2CEA1, 0x2CEB0: 0x2EBE0, 0x30000: 0x3134A,
    0x31350: 0x323AF,
  ]

  /// The blocks with all assigned characters but those for private use beyond the first plane.
  private static let assigned: [ClosedRange<UInt32>] = [0...0x323AF, 0xE0000...0xE01EF]

  /// The categories whose names begin with `prefix`.
  static func set(_ prefix: String) -> ScalarSet {
    sets.reduce(ScalarSet()) { $1.key.hasPrefix(prefix) ? $0.union($1.value) : $0 }
  }

  static let spaces = set("Z").union(ScalarSet(0x09...0x0D)).union(ScalarSet(0x85))
  /// `[\w]` of the library's regular expressions.
  static let words = alphabetic.union(set("M")).union(set("Nd")).union(set("Pc"))
  /// `\w` outside of brackets, which takes the numbers of Latin-1 too.
  static let loneWords = words.union(ScalarSet([0xB2, 0xB3, 0xB9, 0xBC, 0xBD, 0xBE]))
  static let alphabetic = having(\.isAlphabetic)

  /// The assigned scalars with a property.
  static func having(_ property: KeyPath<Unicode.Scalar.Properties, Bool>) -> ScalarSet {
    ScalarSet(assigned[0].filter { Unicode.Scalar($0)?.properties[keyPath: property] == true }).subtracting(set("Cn"))
  }
  /// `\w` of Rust's regular expressions.
  static let rustWords = words.union(ScalarSet(0x200C...0x200D))
  /// `char::is_numeric` of Rust, whose Unicode is newer than that of the regular expressions.
  static let numbers = set("N").union(
    ScalarSet((UInt32(0x10000)...0x1FFFF).filter { isNewNumber(Unicode.Scalar($0)!.properties) }))
  /// ASCII's punctuation and that of Unicode 8, the version of the crate that the library asks.
  static let punctuation = set("P").intersection(known(by: 8)).union(
    [0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E, 0x166D...0x166D, 0x111C9...0x111C9].reduce(ScalarSet()) {
      $0.union(ScalarSet($1))
    })
  /// Combining marks in Unicode 9, that of the library's normalizers.
  static let marks = set("M").intersection(known(by: 9)).subtracting(ScalarSet(0x111C9)).union(
    ScalarSet(0x1CF2...0x1CF3))

  private static let spaceClass = CharacterClass(spaces)
  private static let wordClass = CharacterClass(rustWords)

  static func isSpace(_ scalar: UInt32) -> Bool { spaceClass.contains(scalar) }

  /// Whether Rust's regular expressions count a character as part of words.
  static func isWord(_ scalar: UInt32) -> Bool { wordClass.contains(scalar) }

  /// The scalars that a major version of Unicode has.
  static func known(by version: Int) -> ScalarSet {
    ScalarSet(assigned[0].filter { Unicode.Scalar($0)?.properties.age.map { $0.major <= version } == true })
      .union(ScalarSet(0xE0000...0xE0FFF))
  }

  private static func isNewNumber(_ properties: Unicode.Scalar.Properties) -> Bool {
    switch properties.generalCategory {
    case .decimalNumber, .letterNumber, .otherNumber: properties.age.map { $0.major > 16 } ?? false
    default: false
    }
  }

  /// The index of a category in `names`.
  private static func number(_ value: UInt32) -> Int {
    guard let properties = Unicode.Scalar(value)?.properties else { return 27 }
    // Unicode 17 made this letter one without case.
    if value == 0x295 { return 1 }
    if value >= 0x80, let age = properties.age, age.major > 16 { return unassigned }
    return switch properties.generalCategory {
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
    case .unassigned: unassigned
    @unknown default: unassigned
    }
  }
}
