import Format

/// Parses the regular expressions of tokenizers, in Oniguruma's syntax.
///
/// Supports alternatives, sequences, character classes with quantifiers, groups without one or with `?`, lookahead.
struct PatternParser {
  private let source: [Unicode.Scalar]
  private let location: String
  private var position = 0
  private var ignoresCase = false
  private var depth = 0

  /// The longest pattern and the deepest group: far beyond any published pattern.
  private static let limit = (length: 4096, depth: 32)

  indirect enum Tree {
    /// The longest run of a class; shorter ones are tried unless `isPossessive`.
    case run(CharacterClass, min: Int, max: Int, isPossessive: Bool)
    case sequence([Tree])
    /// Alternatives, of which the first that leads to a match counts.
    case either([Tree])
    case lookahead(Tree, isNegative: Bool)
    case lineStart
    case lineEnd
  }

  /// - Throws: `FormatError` of kind `unsupported` that shows the pattern.
  static func parse(_ text: String, location: String) throws(FormatError) -> Tree {
    var parser = PatternParser(source: Array(text.unicodeScalars), location: location)
    guard parser.source.count <= limit.length else {
      throw FormatError(
        .unsupported, location, "the pattern is not supported", expected: "at most \(limit.length) characters",
        got: "\(parser.source.count)")
    }
    let tree = try parser.alternatives()
    guard parser.position == parser.source.count else {
      throw parser.refusal("a closing parenthesis without its opening")
    }
    return tree
  }

  private init(source: [Unicode.Scalar], location: String) {
    self.source = source
    self.location = location
  }

  private func refusal(_ what: String) -> FormatError {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: source)
    return FormatError(
      .unsupported, location, "the pattern is not supported", expected: "none with \(what)",
      got: "\(String(text).debugDescription) at \(position)")
  }

  private var current: Unicode.Scalar? { position < source.count ? source[position] : nil }

  private mutating func take(_ text: String) -> Bool {
    guard source[position...].starts(with: text.unicodeScalars) else { return false }
    position += text.unicodeScalars.count
    return true
  }

  private mutating func next() throws(FormatError) -> Unicode.Scalar {
    guard let scalar = current else { throw refusal("an end here") }
    position += 1
    return scalar
  }

  private mutating func alternatives() throws(FormatError) -> Tree {
    var list = [try sequence()]
    while take("|") { list.append(try sequence()) }
    return list.count == 1 ? list[0] : .either(list)
  }

  private mutating func sequence() throws(FormatError) -> Tree {
    var parts: [Tree] = []
    while let scalar = current, scalar != "|", scalar != ")" { parts.append(try quantified()) }
    return .sequence(parts)
  }

  private mutating func quantified() throws(FormatError) -> Tree {
    let atom = try atom()
    guard let (least, most) = try quantifier() else { return atom }
    let isInterval = source[position - 1] == "}"
    var isPossessive = false
    var limit = most
    if take("?") { throw refusal("lazy quantifiers") }
    if take("+") {
      // After an interval, a plus is a second quantifier.
      if isInterval {
        guard least <= 1 else { throw refusal("a repeated interval") }
        limit = .max
      } else {
        isPossessive = true
      }
    }
    if case .run(let set, 1, 1, false) = atom {
      return .run(set, min: least, max: limit, isPossessive: isPossessive)
    }
    guard least == 0, limit == 1, !isPossessive else { throw refusal("a repeated group") }
    return .either([atom, .sequence([])])
  }

  private mutating func quantifier() throws(FormatError) -> (Int, Int)? {
    if take("?") { return (0, 1) }
    if take("*") { return (0, .max) }
    if take("+") { return (1, .max) }
    guard take("{") else { return nil }
    guard let least = number() else { throw refusal("this interval") }
    let most = take(",") ? number() ?? .max : least
    guard take("}"), least <= most, most > 0 else { throw refusal("this interval") }
    return (least, most)
  }

  private mutating func number() -> Int? {
    var value: Int?
    while let digit = current, ("0"..."9").contains(digit), (value ?? 0) < 1000 {
      value = (value ?? 0) * 10 + Int(digit.value - 48)
      position += 1
    }
    return value
  }

  private mutating func atom() throws(FormatError) -> Tree {
    let scalar = try next()
    switch scalar {
    case "(": return try group()
    case "[": return run(try bracket())
    case "\\": return run(try escape())
    case ".": return run(.anyButLineFeed)
    case "^": return .lineStart
    case "$": return .lineEnd
    case "*", "+", "?", "{": throw refusal("a quantifier here")
    default: return run(CharacterClass(scalar.value))
    }
  }

  private func run(_ set: CharacterClass) -> Tree {
    .run(ignoresCase ? set.ignoringCase : set, min: 1, max: 1, isPossessive: false)
  }

  private mutating func group() throws(FormatError) -> Tree {
    let outer = ignoresCase
    depth += 1
    defer { (ignoresCase, depth) = (outer, depth - 1) }
    guard depth <= Self.limit.depth else { throw refusal("groups as deep as this") }
    var lookahead: Bool?
    if take("?i:") {
      ignoresCase = true
    } else if take("?!") {
      lookahead = true
    } else if take("?=") {
      lookahead = false
    } else if !take("?:"), current == "?" {
      throw refusal("this kind of group")
    }
    let inner = try alternatives()
    guard take(")") else { throw refusal("an end here") }
    return lookahead.map { .lookahead(inner, isNegative: $0) } ?? inner
  }

  // MARK: - Classes

  private mutating func bracket() throws(FormatError) -> CharacterClass {
    let isComplement = take("^")
    var set = CharacterClass()
    var isFirst = true
    while current != "]" || isFirst {
      isFirst = false
      if current == "[" || source[position...].starts(with: "&&".unicodeScalars) { throw refusal("sets in sets") }
      guard let first = try bracketItem(into: &set) else { continue }
      guard position + 1 < source.count, current == "-", source[position + 1] != "]" else {
        set.insert(first...first)
        continue
      }
      position += 1
      guard let last = try bracketItem(into: &set), first <= last else { throw refusal("this range") }
      set.insert(first...last)
    }
    position += 1
    return isComplement ? (ignoresCase ? set.ignoringCase : set).complement : set
  }

  /// A single character, which the caller inserts, or nil after a class, which has been inserted into `set`.
  private mutating func bracketItem(into set: inout CharacterClass) throws(FormatError) -> UInt32? {
    guard take("\\") else { return try next().value }
    if let scalar = try escapedScalar() { return scalar }
    set.insert(categories: try escapedCategories())
    return nil
  }

  private mutating func escape() throws(FormatError) -> CharacterClass {
    if let scalar = try escapedScalar() { return CharacterClass(scalar) }
    return CharacterClass(categories: try escapedCategories())
  }

  /// The character that is escaped after a backslash, nil where a class is.
  private mutating func escapedScalar() throws(FormatError) -> UInt32? {
    guard let scalar = current else { throw refusal("an end here") }
    switch scalar {
    case "n", "r", "t", "f", "v":
      position += 1
      return ["n": 0x0A, "r": 0x0D, "t": 0x09, "f": 0x0C, "v": 0x0B][scalar]
    case "x", "u":
      position += 1
      let isBraced = take("{")
      var digits = ""
      while digits.count < (isBraced ? 6 : scalar == "x" ? 2 : 4), let digit = current, digit.properties.isHexDigit {
        digits.unicodeScalars.append(digit)
        position += 1
      }
      guard let value = UInt32(digits, radix: 16), !isBraced || take("}") else { throw refusal("this escape") }
      return value
    default:
      guard !scalar.properties.isAlphabetic, scalar.properties.numericType == nil else { return nil }
      position += 1
      return scalar.value
    }
  }

  private mutating func escapedCategories() throws(FormatError) -> UInt32 {
    let scalar = try next()
    switch scalar {
    case "s": return ScalarCategory.spaces
    case "S": return ~ScalarCategory.spaces
    case "d": return ScalarCategory.mask("Nd")
    case "D": return ~ScalarCategory.mask("Nd")
    case "p", "P":
      guard take("{") else { throw refusal("a property without its name") }
      let isNegative = take("^") != (scalar == "P")
      var name = ""
      while let letter = current, letter != "}" {
        name.unicodeScalars.append(letter)
        position += 1
      }
      let mask = (1...2 ~= name.count) ? ScalarCategory.mask(name) : 0
      guard take("}"), mask != 0 else { throw refusal("properties that are no general category") }
      return isNegative ? ~mask : mask
    default: throw refusal("this escape")
    }
  }
}
