/// What is wrong with a template or with what it does, and where.
struct TemplateProblem: Error {
  /// Whether the template itself refused the conversation (`raise_exception`).
  var isRefusal = false
  var problem: String
  var expected: String?
  var got: String?
  /// From 1; nil where it is not known yet.
  var line: Int?

  init(_ problem: String, expected: String? = nil, got: String? = nil) {
    (self.problem, self.expected, self.got) = (problem, expected, got)
  }

  static func refusal(_ message: String) -> TemplateProblem {
    var problem = TemplateProblem(message)
    problem.isRefusal = true
    return problem
  }

  /// The problem with a line, where it has none.
  func at(line: Int) -> TemplateProblem {
    var problem = self
    problem.line = self.line ?? line
    return problem
  }
}

/// An expression and the line it begins in.
struct TemplateExpression: Sendable {
  indirect enum Node: Sendable {
    case none
    case bool(Bool)
    case int(Int)
    case double(Double)
    case text(String)
    case name(String)
    case list([TemplateExpression])
    case tuple([TemplateExpression])
    case dict([(TemplateExpression, TemplateExpression)])
    case attribute(TemplateExpression, String)
    case item(TemplateExpression, TemplateExpression)
    case slice(TemplateExpression, [TemplateExpression?])
    case call(TemplateExpression, TemplateArguments)
    /// nil filters the text of a block.
    case filter(TemplateExpression?, String, TemplateArguments)
    case test(TemplateExpression, String, TemplateArguments)
    case not(TemplateExpression)
    case sign(TemplateExpression, isNegative: Bool)
    case binary(String, TemplateExpression, TemplateExpression)
    case concatenation([TemplateExpression])
    /// A chain: a < b < c.
    case comparison(TemplateExpression, [(String, TemplateExpression)])
    case and(TemplateExpression, TemplateExpression)
    case or(TemplateExpression, TemplateExpression)
    case conditional(TemplateExpression, then: TemplateExpression, otherwise: TemplateExpression?)
  }

  var node: Node
  var line: Int
}

struct TemplateArguments: Sendable {
  var positional: [TemplateExpression] = []
  var named: [(String, TemplateExpression)] = []
  /// A list of further arguments: `*x`.
  var spread: TemplateExpression?
  /// A dictionary of further arguments with names: `**x`.
  var namedSpread: TemplateExpression?

  var isStarted: Bool { !positional.isEmpty || !named.isEmpty || spread != nil || namedSpread != nil }
}

/// What `for`, `set` and `with` assign to.
indirect enum TemplateTarget: Sendable {
  case name(String)
  case tuple([TemplateTarget])
  /// An attribute of a namespace.
  case attribute(String, String)
}

struct TemplateStatement: Sendable {
  indirect enum Node: Sendable {
    case data(String)
    case output(TemplateExpression)
    case conditional([(TemplateExpression, [TemplateStatement])], otherwise: [TemplateStatement])
    case loop(TemplateLoop)
    case set(TemplateTarget, TemplateExpression)
    /// `{% set x %}…{% endset %}`, with a chain of filters or none.
    case setBlock(TemplateTarget, TemplateExpression?, [TemplateStatement])
    case macro(TemplateMacroSyntax)
    /// `{% call f() %}…{% endcall %}`: the body is the macro `caller`.
    case call(TemplateExpression, TemplateMacroSyntax)
    case filterBlock(TemplateExpression, [TemplateStatement])
    case scope([(TemplateTarget, TemplateExpression)], [TemplateStatement])
    case leave, next
  }

  var node: Node
  var line: Int
}

struct TemplateLoop: Sendable {
  var target: TemplateTarget
  var sequence: TemplateExpression
  var condition: TemplateExpression?
  var body: [TemplateStatement]
  var otherwise: [TemplateStatement]
}

struct TemplateMacroSyntax: Sendable {
  var name: String
  var parameters: [(name: String, fallback: TemplateExpression?)]
  var body: [TemplateStatement]
}
