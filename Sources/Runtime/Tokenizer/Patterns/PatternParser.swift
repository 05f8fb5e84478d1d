import Format

/// Parses the regular expressions of tokenizers, in Oniguruma's syntax.
///
/// Supports all but what captures and what few engines have: back references, calls, absent groups, `\K`, `\X`, `\G`.
struct PatternParser {
  let source: [Unicode.Scalar]
  private let location: String
  var position = 0
  var ignoresCase = false
  /// Whether `.` takes line feeds too.
  private var takesLines = false
  private var depth = 0

  /// Bounds far beyond any published pattern: characters, groups in groups, instructions.
  private static let limit = (length: 4096, depth: 32, size: 20_000)

  /// - Throws: `FormatError` of kind `unsupported` that shows the pattern.
  static func parse(_ text: String, location: String) throws(FormatError) -> PatternTree {
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
    guard tree.size <= limit.size else { throw parser.refusal("repetitions as large as these") }
    return tree
  }

  private init(source: [Unicode.Scalar], location: String) {
    self.source = source
    self.location = location
  }

  func refusal(_ what: String) -> FormatError {
    FormatError(
      .unsupported, location, "the pattern is not supported", expected: "none with \(what)",
      got: "\(String(source).debugDescription) at \(position)")
  }

  var current: Unicode.Scalar? { position < source.count ? source[position] : nil }

  func isNext(_ text: String) -> Bool { source[position...].starts(with: text.unicodeScalars) }

  mutating func take(_ text: String) -> Bool {
    guard isNext(text) else { return false }
    position += text.unicodeScalars.count
    return true
  }

  mutating func next() throws(FormatError) -> Unicode.Scalar {
    guard let scalar = current else { throw refusal("an end here") }
    position += 1
    return scalar
  }

  /// Calls `body` one level deeper.
  mutating func nested<Result>(
    _ body: (inout PatternParser) throws(FormatError) -> Result
  ) throws(FormatError) -> Result {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.limit.depth else { throw refusal("groups as deep as this") }
    return try body(&self)
  }

  private mutating func alternatives() throws(FormatError) -> PatternTree {
    var list = [try sequence()]
    while take("|") { list.append(try sequence()) }
    return list.count == 1 ? list[0] : .either(list)
  }

  private mutating func sequence() throws(FormatError) -> PatternTree {
    var parts: [PatternTree] = []
    while let scalar = current, scalar != "|", scalar != ")" {
      let start = position
      let part = try quantified()
      if ignoresCase, let last = parts.last, CaseFolding.mayFold(last, part) {
        position = start
        throw refusal("letters that are one character in another case")
      }
      parts.append(part)
    }
    return .sequence(parts)
  }

  // MARK: - Repetition

  private mutating func quantified() throws(FormatError) -> PatternTree {
    var tree = try atom()
    var count = 0
    while let (range, isInterval) = try quantifier() {
      if case .look = tree { throw refusal("a repeated condition") }
      if case .assertion = tree { throw refusal("a repeated condition") }
      count += 1
      guard count <= Self.limit.depth else { throw refusal("as many quantifiers as these") }
      let (least, most) = range
      var greed = PatternTree.Greed.greedy
      if isInterval, least == most {
        // Oniguruma reads a{2}? as (?:a{2})?, and a plus behind any interval as a second quantifier.
      } else if take("?") {
        greed = .lazy
      } else if !isInterval, take("+") {
        greed = .possessive
      }
      tree = .repeated(tree, min: least, max: most, greed)
    }
    return tree
  }

  private mutating func quantifier() throws(FormatError) -> (range: (Int, Int), isInterval: Bool)? {
    if take("?") { return ((0, 1), false) }
    if take("*") { return ((0, .max), false) }
    if take("+") { return ((1, .max), false) }
    let start = position
    guard take("{") else { return nil }
    let least = number()
    let isRange = take(",")
    let most = isRange ? number() ?? (least == nil ? nil : .max) : least
    guard let most, take("}") else {
      // A brace that begins no interval stands for itself.
      position = start
      return nil
    }
    guard least ?? 0 <= most else { throw refusal("this interval") }
    return ((least ?? 0, most), true)
  }

  private mutating func number() -> Int? {
    var value: Int?
    while let digit = current, ("0"..."9").contains(digit), (value ?? 0) <= 10_000 {
      value = (value ?? 0) * 10 + Int(digit.value - 48)
      position += 1
    }
    return value
  }

  // MARK: - Atoms

  private mutating func atom() throws(FormatError) -> PatternTree {
    let scalar = try next()
    switch scalar {
    case "(": return try nested { parser throws(FormatError) in try parser.group() }
    case "[":
      return .set(try nested { parser throws(FormatError) in try parser.bracket() })
    case "\\": return try escape()
    case ".": return .set(takesLines ? .all : ScalarSet(0x0A).complement)
    case "^": return .assertion(.lineStart)
    case "$": return .assertion(.lineEnd)
    case "*", "+", "?": throw refusal("a quantifier here")
    default: return .set(try literal(scalar.value))
    }
  }

  /// The set of one character, with its other cases where case is ignored.
  private func literal(_ scalar: UInt32) throws(FormatError) -> ScalarSet {
    guard ignoresCase else { return ScalarSet(scalar) }
    guard let set = CaseFolding.closure(of: ScalarSet(scalar)) else {
      throw refusal("a letter that is several characters in another case")
    }
    return set
  }

  private mutating func group() throws(FormatError) -> PatternTree {
    let outer = (ignoresCase, takesLines)
    defer { (ignoresCase, takesLines) = outer }
    guard take("?") else { return try inner() }
    if take("#") {
      while let scalar = current, scalar != ")" { position += scalar == "\\" ? 2 : 1 }
      guard take(")") else { throw refusal("an end here") }
      return .empty
    }
    if take(":") { return try inner() }
    if take(">") { return .atomic(try inner()) }
    for (mark, isBehind, isNegative) in [
      ("=", false, false), ("!", false, true), ("<=", true, false), ("<!", true, true),
    ] where take(mark) {
      return .look(try lookaround(isBehind), isBehind: isBehind, isNegative: isNegative)
    }
    if take("<") {
      while let scalar = current,
        scalar.properties.isAlphabetic || scalar == "_" || scalar.properties.numericType != nil
      {
        position += 1
      }
      guard take(">") else { throw refusal("this kind of group") }
      return try inner()
    }
    try options()
    // Options without a colon hold for the rest of the group, its alternatives included.
    if take(":") || take(")") == false { return try inner() }
    return try alternatives()
  }

  /// The alternatives up to the closing parenthesis.
  private mutating func inner() throws(FormatError) -> PatternTree {
    let tree = try alternatives()
    guard take(")") else { throw refusal("an end here") }
    return tree
  }

  private mutating func lookaround(_ isBehind: Bool) throws(FormatError) -> PatternTree {
    let tree = try inner()
    guard !isBehind || tree.lengths.max <= Int(UInt8.max) else { throw refusal("lookbehind without a limit") }
    return tree
  }

  private mutating func options() throws(FormatError) {
    var isOn = true
    while let scalar = current, scalar != ":", scalar != ")" {
      position += 1
      switch scalar {
      case "-": isOn = false
      case "i": ignoresCase = isOn
      case "m": takesLines = isOn
      default: throw refusal("this kind of group")
      }
    }
  }

  private mutating func escape() throws(FormatError) -> PatternTree {
    if let scalar = try escapedScalar() { return .set(try literal(scalar)) }
    if let set = try escapedSet(isAlone: true) { return .set(set) }
    switch try next() {
    case "b": return .assertion(.wordBoundary)
    case "B": return .assertion(.noWordBoundary)
    case "A": return .assertion(.textStart)
    case "z": return .assertion(.textEnd)
    case "Z": return .assertion(.lastLineEnd)
    case "N": return .set(ScalarSet(0x0A).complement)
    case "O": return .set(.all)
    case "R":
      let ends = ScalarSet(0x0A...0x0D).union(ScalarSet(0x85)).union(ScalarSet(0x2028...0x2029))
      return .atomic(.either([.sequence([.set(ScalarSet(0x0D)), .set(ScalarSet(0x0A))]), .set(ends)]))
    default: throw refusal("this escape")
    }
  }
}
