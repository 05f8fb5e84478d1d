/// The sets that regular expressions name.
enum ScalarProperty {
  static let hexDigits = ScalarSet(0x30...0x39).union(ScalarSet(0x41...0x46)).union(ScalarSet(0x61...0x66))

  /// The set of `\p{name}`: a general category, a script, or a class of POSIX; letter case, spaces, `-` and `_` of the name do
  /// not count.
  ///
  /// - Parameter isAlone: whether it stands outside of brackets.
  static func set(_ name: String, isAlone: Bool) -> ScalarSet? {
    let name = plain(name)
    if name == "lc" { return casedLetters }
    if name == "word", isAlone { return ScalarCategory.loneWords }
    if let category = categories[name] { return ScalarCategory.set(category) }
    return posix(name) ?? scripts[name].map(ranges)
  }

  private static func plain(_ name: String) -> String {
    String(name.unicodeScalars.filter { !"-_ ".unicodeScalars.contains($0) }).lowercased()
  }

  private static let casedLetters = ["Lu", "Ll", "Lt"].reduce(ScalarSet()) { $0.union(ScalarCategory.set($1)) }

  /// The categories and their groups by their short and long names.
  private static let categories: [String: String] = {
    let long = [
      "letter": "L", "uppercase letter": "Lu", "lowercase letter": "Ll", "titlecase letter": "Lt",
      "modifier letter": "Lm", "other letter": "Lo", "mark": "M", "combining mark": "M", "nonspacing mark": "Mn",
      "spacing mark": "Mc", "enclosing mark": "Me", "number": "N", "decimal number": "Nd", "letter number": "Nl",
      "other number": "No", "punctuation": "P", "punct": "P", "connector punctuation": "Pc", "dash punctuation": "Pd",
      "open punctuation": "Ps", "close punctuation": "Pe", "initial punctuation": "Pi", "final punctuation": "Pf",
      "other punctuation": "Po", "symbol": "S", "math symbol": "Sm", "currency symbol": "Sc", "modifier symbol": "Sk",
      "other symbol": "So", "separator": "Z", "space separator": "Zs", "line separator": "Zl",
      "paragraph separator": "Zp", "other": "C", "control": "Cc", "format": "Cf", "surrogate": "Cs",
      "private use": "Co", "unassigned": "Cn",
    ]
    let short = Set(long.values).map { (plain($0), $0) }
    return Dictionary(uniqueKeysWithValues: long.map { (plain($0.key), $0.value) } + short)
  }()

  /// The set of `[:name:]`, after Oniguruma's reading of Unicode; as a property, `punct` is narrower.
  static func posix(_ name: String) -> ScalarSet? {
    switch name {
    case "alnum": ScalarCategory.alphabetic.union(ScalarCategory.set("Nd"))
    case "alpha", "alphabetic": ScalarCategory.alphabetic
    case "ascii": ScalarSet(0...0x7F)
    case "any": .all
    case "assigned": ScalarCategory.set("Cn").complement
    case "blank": ScalarCategory.set("Zs").union(ScalarSet(0x09))
    case "cntrl": ScalarCategory.set("Cc")
    case "digit": ScalarCategory.set("Nd")
    case "punct": ScalarCategory.set("P").union(ScalarCategory.set("S"))
    case "lower", "lowercase": ScalarCategory.having(\.isLowercase).union(ScalarCategory.set("Ll"))
    case "space", "whitespace": ScalarCategory.spaces
    case "upper", "uppercase": ScalarCategory.having(\.isUppercase)
    case "word": ScalarCategory.words
    case "xdigit": hexDigits
    default: nil
    }
  }

  /// The ranges of each script by its names, as `ScriptTable` spells them.
  private static let scripts: [String: [Substring]] = {
    var result: [String: [Substring]] = [:]
    for line in ScriptTable.text.replacing("\n  ", with: " ").split(separator: "\n") {
      let parts = line.split(separator: ":")
      for name in parts[0].split(separator: " ") { result[plain(String(name))] = parts[1].split(separator: " ") }
    }
    return result
  }()

  private static func ranges(_ spelled: [Substring]) -> ScalarSet {
    var end: UInt32 = 0
    return ScalarSet(
      ascending: spelled.map { part in
        let numbers = part.split(separator: "+").map { UInt32($0, radix: 16) ?? 0 }
        let first = end + numbers[0]
        end = first + (numbers.count > 1 ? numbers[1] : 0)
        return first...end
      })
  }
}
