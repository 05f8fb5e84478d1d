/// One rendering of a template: runs its statements.
final class TemplateRun {
  let root: TemplateScope
  /// What `strftime_now` tells.
  let date: TemplateDate
  var budget = TemplateBudget()
  /// The line of the expression or statement that runs, for errors.
  var line = 1

  private enum Flow { case next, leave, skip }

  init(_ variables: [(String, TemplateValue)], date: TemplateDate) {
    root = TemplateScope(in: nil)
    self.date = date
    for name in TemplateFunctions.names { root.values[name] = .callable(.function(name)) }
    for (name, value) in variables { root.values[name] = value }
  }

  /// The text of the template.
  ///
  /// - Throws: `TemplateProblem` with its line.
  func render(_ body: [TemplateStatement]) throws(TemplateProblem) -> String {
    do {
      return try text(of: body, in: TemplateScope(in: root))
    } catch {
      throw error.at(line: line)
    }
  }

  func text(of body: [TemplateStatement], in scope: TemplateScope) throws(TemplateProblem) -> String {
    var output = ""
    _ = try run(body, scope, &output)
    return output
  }

  private func run(
    _ body: [TemplateStatement], _ scope: TemplateScope, _ output: inout String
  ) throws(TemplateProblem) -> Flow {
    try budget.descend()
    defer { budget.ascend() }
    for statement in body {
      line = statement.line
      try budget.step()
      let flow = try run(statement, scope, &output)
      if flow != .next { return flow }
    }
    return .next
  }

  private func run(
    _ statement: TemplateStatement, _ scope: TemplateScope, _ output: inout String
  ) throws(TemplateProblem) -> Flow {
    switch statement.node {
    case .data(let text): try write(text, &output)
    case .output(let value): try write(try evaluate(value, scope).text(), &output)
    case .conditional(let branches, let otherwise):
      for (condition, body) in branches where try evaluate(condition, scope).isTrue {
        return try run(body, scope, &output)
      }
      return try run(otherwise, scope, &output)
    case .loop(let loop): try run(loop, scope, &output)
    case .set(let target, let value): try assign(try evaluate(value, scope), to: target, scope)
    case .setBlock(let target, let filters, let body):
      var value = TemplateValue.text(try text(of: body, in: TemplateScope(in: scope)))
      if let filters { value = try evaluate(filters, scope, block: value) }
      try assign(value, to: target, scope)
    case .macro(let syntax): scope.values[syntax.name] = .callable(.macro(TemplateMacro(syntax, in: scope)))
    case .call(let call, let caller):
      let macro = TemplateValue.callable(.macro(TemplateMacro(caller, in: scope)))
      try write(try evaluate(call, scope, caller: macro).text(), &output)
    case .filterBlock(let filters, let body):
      let value = TemplateValue.text(try text(of: body, in: TemplateScope(in: scope)))
      try write(try evaluate(filters, scope, block: value).text(), &output)
    case .scope(let assignments, let body):
      let inner = TemplateScope(in: scope)
      for (target, value) in assignments { try assign(try evaluate(value, scope), to: target, inner) }
      return try run(body, inner, &output)
    case .leave: return .leave
    case .next: return .skip
    }
    return .next
  }

  private func write(_ text: String, _ output: inout String) throws(TemplateProblem) {
    try budget.write(text.utf8.count)
    output += text
  }

  private func run(
    _ loop: TemplateLoop, _ scope: TemplateScope, _ output: inout String
  ) throws(TemplateProblem) {
    let elements = try evaluate(loop.sequence, scope).elements()
    try budget.step(elements.count)
    let state = TemplateLoopState(elements) { element throws(TemplateProblem) in
      guard let condition = loop.condition else { return true }
      let inner = TemplateScope(in: scope)
      try self.assign(element, to: loop.target, inner)
      return try self.evaluate(condition, inner).isTrue
    }
    while let element = try state.advance() {
      let inner = TemplateScope(in: scope)
      inner.values["loop"] = .loop(state)
      try assign(element, to: loop.target, inner)
      if try run(loop.body, inner, &output) == .leave { break }
    }
    if state.index < 0 { _ = try run(loop.otherwise, TemplateScope(in: scope), &output) }
  }

  /// Gives `target` a value; a tuple's names get one element each.
  func assign(
    _ value: TemplateValue, to target: TemplateTarget, _ scope: TemplateScope
  ) throws(TemplateProblem) {
    switch target {
    case .name(let name): scope.values[name] = value
    case .attribute(let name, let attribute):
      guard case .namespace(let namespace) = scope[name] else {
        throw TemplateProblem("an attribute is assigned to what is no namespace", got: name)
      }
      guard !attribute.hasPrefix("_") else {
        throw TemplateProblem("a namespace has no attributes that begin with an underscore", got: attribute)
      }
      try budget.nest(value)
      namespace.attributes[attribute] = value
    case .tuple(let targets):
      let elements = try value.elements()
      guard elements.count == targets.count else {
        throw TemplateProblem("cannot be unpacked", expected: "\(targets.count) values", got: "\(elements.count)")
      }
      for (target, element) in zip(targets, elements) { try assign(element, to: target, scope) }
    }
  }
}
