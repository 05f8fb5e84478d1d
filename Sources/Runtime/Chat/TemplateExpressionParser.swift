/// Parses expressions, with the precedence of Jinja's parser: conditional, or, and, not, comparisons, + −, ~,
/// * / // %, **, signs, and what stands behind a value: attributes, items, calls, filters and tests.
struct TemplateExpressionParser {
  let tokens: [TemplateToken]
  private(set) var position = 0
  var depth = 0

  /// Brackets, operators and blocks inside each other, and operators in a row; deeper ones would exhaust the stack.
  private static let depthLimit = 200

  init(_ tokens: [TemplateToken]) { self.tokens = tokens }

  var current: TemplateToken.Kind { tokens[position].kind }
  var line: Int { tokens[position].line }

  mutating func skip() { position = min(position + 1, tokens.count - 1) }

  mutating func skip(name: String) -> Bool {
    guard current == .name(name) else { return false }
    skip()
    return true
  }

  mutating func skip(mark: String) -> Bool {
    guard current == .mark(mark) else { return false }
    skip()
    return true
  }

  mutating func expect(_ kind: TemplateToken.Kind, _ spelling: String) throws(TemplateProblem) {
    guard current == kind else { throw unexpected(expected: spelling) }
    skip()
  }

  mutating func expectName() throws(TemplateProblem) -> String {
    guard case .name(let name) = current else { throw unexpected(expected: "a name") }
    skip()
    return name
  }

  func unexpected(expected: String) -> TemplateProblem {
    TemplateProblem("syntax", expected: expected, got: tokens[position].description)
  }

  mutating func descend() throws(TemplateProblem) {
    depth += 1
    guard depth <= Self.depthLimit else {
      throw TemplateProblem("nested too deeply", expected: "at most \(Self.depthLimit) levels")
    }
  }

  mutating func ascend() { depth -= 1 }

  func node(_ node: TemplateExpression.Node, _ line: Int) -> TemplateExpression {
    TemplateExpression(node: node, line: line)
  }

  // MARK: Lists of expressions

  /// An expression, or several with commas: a tuple.
  mutating func tuple(
    withConditional: Bool = true, mayBeEmpty: Bool = false
  ) throws(TemplateProblem) -> TemplateExpression {
    let line = line
    var elements: [TemplateExpression] = []
    var isTuple = mayBeEmpty && current == .mark(")")
    while !isAtEndOfTuple {
      elements.append(try expression(withConditional: withConditional))
      guard skip(mark: ",") else { break }
      isTuple = true
    }
    if isTuple { return node(.tuple(elements), line) }
    guard let first = elements.first else { throw unexpected(expected: "an expression") }
    return first
  }

  private var isAtEndOfTuple: Bool { [.blockEnd, .variableEnd, .mark(")"), .name("recursive")].contains(current) }

  /// A name, or names in a tuple, to assign to.
  mutating func target(mayBeAttribute: Bool = false) throws(TemplateProblem) -> TemplateTarget {
    var elements: [TemplateTarget] = []
    repeat {
      if !elements.isEmpty, current == .mark("=") || current == .name("in") { return .tuple(elements) }
      if skip(mark: "(") {
        try descend()
        elements.append(try target())
        ascend()
        try expect(.mark(")"), ")")
      } else {
        let name = try expectName()
        guard !["true", "false", "none", "True", "False", "None"].contains(name) else {
          throw TemplateProblem("a constant cannot be assigned to", got: name)
        }
        let isAttribute = mayBeAttribute && skip(mark: ".")
        elements.append(isAttribute ? .attribute(name, try expectName()) : .name(name))
      }
    } while skip(mark: ",")
    return elements.count == 1 ? elements[0] : .tuple(elements)
  }

  // MARK: Operators

  mutating func expression(withConditional: Bool = true) throws(TemplateProblem) -> TemplateExpression {
    let outer = depth
    defer { depth = outer }
    try descend()
    var value = try or()
    while withConditional {
      let line = line
      guard skip(name: "if") else { break }
      try descend()
      let condition = try or()
      let otherwise = skip(name: "else") ? try expression() : nil
      value = node(.conditional(condition, then: value, otherwise: otherwise), line)
    }
    return value
  }

  private mutating func or() throws(TemplateProblem) -> TemplateExpression {
    let outer = depth
    defer { depth = outer }
    var value = try and()
    while case let line = line, skip(name: "or") {
      try descend()
      value = node(.or(value, try and()), line)
    }
    return value
  }

  private mutating func and() throws(TemplateProblem) -> TemplateExpression {
    let outer = depth
    defer { depth = outer }
    var value = try not()
    while case let line = line, skip(name: "and") {
      try descend()
      value = node(.and(value, try not()), line)
    }
    return value
  }

  private mutating func not() throws(TemplateProblem) -> TemplateExpression {
    let line = line
    guard skip(name: "not") else { return try comparison() }
    try descend()
    defer { ascend() }
    return node(.not(try not()), line)
  }

  private mutating func comparison() throws(TemplateProblem) -> TemplateExpression {
    let (first, line) = (try sum(), line)
    var rest: [(String, TemplateExpression)] = []
    while true {
      if case .mark(let mark) = current, ["==", "!=", "<", "<=", ">", ">="].contains(mark) {
        skip()
        rest.append((mark, try sum()))
      } else if skip(name: "in") {
        rest.append(("in", try sum()))
      } else if current == .name("not"), tokens[min(position + 1, tokens.count - 1)].kind == .name("in") {
        skip()
        skip()
        rest.append(("not in", try sum()))
      } else {
        return rest.isEmpty ? first : node(.comparison(first, rest), line)
      }
    }
  }

  private mutating func sum() throws(TemplateProblem) -> TemplateExpression {
    let outer = depth
    defer { depth = outer }
    var value = try concatenation()
    while case .mark(let mark) = current, mark == "+" || mark == "-" {
      let line = line
      try descend()
      skip()
      value = node(.binary(mark, value, try concatenation()), line)
    }
    return value
  }

  private mutating func concatenation() throws(TemplateProblem) -> TemplateExpression {
    let line = line
    var parts = [try product()]
    while skip(mark: "~") { parts.append(try product()) }
    return parts.count == 1 ? parts[0] : node(.concatenation(parts), line)
  }

  private mutating func product() throws(TemplateProblem) -> TemplateExpression {
    let outer = depth
    defer { depth = outer }
    var value = try power()
    while case .mark(let mark) = current, ["*", "/", "//", "%"].contains(mark) {
      let line = line
      try descend()
      skip()
      value = node(.binary(mark, value, try power()), line)
    }
    return value
  }

  private mutating func power() throws(TemplateProblem) -> TemplateExpression {
    let outer = depth
    defer { depth = outer }
    var value = try signed()
    while case let line = line, skip(mark: "**") {
      try descend()
      value = node(.binary("**", value, try signed()), line)
    }
    return value
  }

  private mutating func signed(withFilters: Bool = true) throws(TemplateProblem) -> TemplateExpression {
    let line = line
    var value: TemplateExpression
    if case .mark(let mark) = current, mark == "+" || mark == "-" {
      skip()
      try descend()
      defer { ascend() }
      value = node(.sign(try signed(withFilters: false), isNegative: mark == "-"), line)
    } else {
      value = try primary()
    }
    value = try postfix(of: value)
    return withFilters ? try filtersAndTests(of: value) : value
  }
}
