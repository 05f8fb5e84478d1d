import Format

/// Parses the statements of a template: the tags of Jinja that templates of conversations use, and `generation`, by which
/// transformers marks the assistant's turns. Tags that read other templates are not supported.
struct TemplateParser {
  private var expressions: TemplateExpressionParser
  /// Loops around the present tag, to which `break` and `continue` belong.
  private var loops = 0

  /// - Throws: `TemplateProblem` with its line.
  static func parse(_ text: String) throws(TemplateProblem) -> [TemplateStatement] {
    var parser = TemplateParser(expressions: TemplateExpressionParser(try TemplateLexer.tokens(of: text)))
    do {
      return try parser.statements(until: [])
    } catch {
      throw error.at(line: parser.expressions.line)
    }
  }

  private init(expressions: TemplateExpressionParser) { self.expressions = expressions }

  /// Reads statements up to the end of the template, or up to a tag of one of the names: what follows is that name.
  private mutating func statements(until ends: [String]) throws(TemplateProblem) -> [TemplateStatement] {
    try expressions.descend()
    defer { expressions.ascend() }
    var result: [TemplateStatement] = []
    while true {
      let line = expressions.line
      switch expressions.current {
      case .data(let text):
        expressions.skip()
        result.append(TemplateStatement(node: .data(text), line: line))
      case .variableBegin:
        expressions.skip()
        let value = try expressions.tuple()
        try expressions.expect(.variableEnd, "}}")
        result.append(TemplateStatement(node: .output(value), line: line))
      case .blockBegin:
        expressions.skip()
        if case .name(let name) = expressions.current, ends.contains(name) { return result }
        let node = try tag()
        try endTag()
        if let node { result.append(TemplateStatement(node: node, line: line)) }
      default:
        guard ends.isEmpty else {
          throw TemplateProblem("a block is not closed", expected: "{% \(ends[ends.count - 1]) %}")
        }
        return result
      }
    }
  }

  private mutating func endTag() throws(TemplateProblem) { try expressions.expect(.blockEnd, "%}") }

  /// Reads the body of a block and its closing tag up to the name.
  private mutating func body(until end: String) throws(TemplateProblem) -> [TemplateStatement] {
    try endTag()
    let result = try statements(until: [end])
    expressions.skip()
    return result
  }

  /// Reads a tag from its name to before its end.
  private mutating func tag() throws(TemplateProblem) -> TemplateStatement.Node? {
    let name = try expressions.expectName()
    switch name {
    case "if": return try conditional()
    case "for": return .loop(try loop())
    case "set": return try set()
    case "macro": return .macro(try macro(named: try expressions.expectName(), until: "endmacro"))
    case "call": return try call()
    case "filter":
      let filters = try expressions.filters(of: nil)
      return .filterBlock(filters, try body(until: "endfilter"))
    case "with": return try with()
    case "generation": return .scope([], try body(until: "endgeneration"))
    case "break", "continue":
      guard loops > 0 else { throw TemplateProblem("\(name) stands outside of a loop") }
      return name == "break" ? .leave : .next
    default: throw TemplateProblem("the tag \"\(name.printable(limit: 40))\" is not supported")
    }
  }

  private mutating func conditional() throws(TemplateProblem) -> TemplateStatement.Node {
    var branches: [(TemplateExpression, [TemplateStatement])] = []
    while true {
      let condition = try expressions.tuple(withConditional: false)
      try endTag()
      branches.append((condition, try statements(until: ["elif", "else", "endif"])))
      let name = try expressions.expectName()
      if name == "elif" { continue }
      if name == "endif" { return .conditional(branches, otherwise: []) }
      return .conditional(branches, otherwise: try body(until: "endif"))
    }
  }

  private mutating func loop() throws(TemplateProblem) -> TemplateLoop {
    let target = try expressions.target()
    try expressions.expect(.name("in"), "in")
    let sequence = try expressions.tuple(withConditional: false)
    let condition = expressions.skip(name: "if") ? try expressions.expression() : nil
    if expressions.skip(name: "recursive") { throw TemplateProblem("recursive loops are not supported") }
    try endTag()
    loops += 1
    let content = try statements(until: ["else", "endfor"])
    loops -= 1
    let otherwise = try expressions.expectName() == "else" ? try body(until: "endfor") : []
    return TemplateLoop(
      target: target, sequence: sequence, condition: condition, body: content, otherwise: otherwise)
  }

  private mutating func set() throws(TemplateProblem) -> TemplateStatement.Node {
    let target = try expressions.target(mayBeAttribute: true)
    if expressions.skip(mark: "=") { return .set(target, try expressions.tuple()) }
    let filters = expressions.current == .mark("|") ? try expressions.filters(of: nil, isAtName: false) : nil
    return .setBlock(target, filters, try body(until: "endset"))
  }

  private mutating func macro(
    named name: String, until end: String
  ) throws(TemplateProblem) -> TemplateMacroSyntax {
    let parameters = try parameters()
    // A macro's body is another function: loops around it do not reach into it.
    let outer = loops
    loops = 0
    defer { loops = outer }
    return TemplateMacroSyntax(name: name, parameters: parameters, body: try body(until: end))
  }

  private mutating func parameters() throws(TemplateProblem) -> [(name: String, fallback: TemplateExpression?)] {
    var result: [(name: String, fallback: TemplateExpression?)] = []
    try expressions.expect(.mark("("), "(")
    while !expressions.skip(mark: ")") {
      if !result.isEmpty { try expressions.expect(.mark(","), ",") }
      let name = try expressions.expectName()
      let fallback = expressions.skip(mark: "=") ? try expressions.expression() : nil
      if fallback == nil, result.last?.fallback != nil {
        throw TemplateProblem("a parameter without a default behind one with it", got: name)
      }
      result.append((name, fallback))
    }
    return result
  }

  private mutating func call() throws(TemplateProblem) -> TemplateStatement.Node {
    let parameters = expressions.current == .mark("(") ? try parameters() : []
    let call = try expressions.expression()
    guard case .call = call.node else { throw TemplateProblem("no call", expected: "{% call MACRO(…) %}") }
    let outer = loops
    loops = 0
    defer { loops = outer }
    let content = try body(until: "endcall")
    return .call(call, TemplateMacroSyntax(name: "caller", parameters: parameters, body: content))
  }

  private mutating func with() throws(TemplateProblem) -> TemplateStatement.Node {
    var assignments: [(TemplateTarget, TemplateExpression)] = []
    while expressions.current != .blockEnd {
      if !assignments.isEmpty { try expressions.expect(.mark(","), ",") }
      let target = try expressions.target()
      try expressions.expect(.mark("="), "=")
      assignments.append((target, try expressions.expression()))
    }
    return .scope(assignments, try body(until: "endwith"))
  }
}
