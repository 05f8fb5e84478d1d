/// Parses values, and what stands behind them: attributes, items, calls, filters and tests.
extension TemplateExpressionParser {
  mutating func primary() throws(TemplateProblem) -> TemplateExpression {
    let line = line
    switch current {
    case .name(let name):
      skip()
      switch name {
      case "true", "True": return node(.bool(true), line)
      case "false", "False": return node(.bool(false), line)
      case "none", "None": return node(.none, line)
      default: return node(.name(name), line)
      }
    case .text(var text):
      skip()
      while case .text(let more) = current {
        text += more
        skip()
      }
      return node(.text(text), line)
    case .integer(let value):
      skip()
      return node(.int(value), line)
    case .double(let value):
      skip()
      return node(.double(value), line)
    case .mark("("):
      skip()
      let value = try tuple(mayBeEmpty: true)
      try expect(.mark(")"), ")")
      return value
    case .mark("["): return node(.list(try elements()), line)
    case .mark("{"): return node(.dict(try members()), line)
    default: throw unexpected(expected: "a value")
    }
  }

  private mutating func elements() throws(TemplateProblem) -> [TemplateExpression] {
    var result: [TemplateExpression] = []
    skip()
    while !skip(mark: "]") {
      if !result.isEmpty {
        try expect(.mark(","), "]")
        if skip(mark: "]") { break }
      }
      result.append(try expression())
    }
    return result
  }

  private mutating func members() throws(TemplateProblem) -> [(TemplateExpression, TemplateExpression)] {
    var result: [(TemplateExpression, TemplateExpression)] = []
    skip()
    while !skip(mark: "}") {
      if !result.isEmpty {
        try expect(.mark(","), "}")
        if skip(mark: "}") { break }
      }
      let key = try expression()
      try expect(.mark(":"), ":")
      result.append((key, try expression()))
    }
    return result
  }

  // MARK: Behind a value

  mutating func postfix(of value: TemplateExpression) throws(TemplateProblem) -> TemplateExpression {
    let outer = depth
    defer { depth = outer }
    var value = value
    while case .mark(let mark) = current {
      let line = line
      try descend()
      switch mark {
      case ".":
        skip()
        if case .integer(let index) = current {
          skip()
          value = node(.item(value, node(.int(index), line)), line)
        } else {
          value = node(.attribute(value, try expectName()), line)
        }
      case "[": value = try item(of: value)
      case "(": value = node(.call(value, try arguments()), line)
      default: return value
      }
    }
    return value
  }

  private mutating func item(of value: TemplateExpression) throws(TemplateProblem) -> TemplateExpression {
    let line = line
    skip()
    var bounds: [TemplateExpression?] = [nil]
    while !skip(mark: "]") {
      if skip(mark: ":") {
        guard bounds.count < 3 else { throw unexpected(expected: "]") }
        bounds.append(nil)
      } else {
        guard bounds[bounds.count - 1] == nil else { throw unexpected(expected: "]") }
        bounds[bounds.count - 1] = try expression()
      }
    }
    if bounds.count > 1 { return node(.slice(value, bounds), line) }
    guard let index = bounds[0] else { throw unexpected(expected: "an index") }
    return node(.item(value, index), line)
  }

  private mutating func arguments() throws(TemplateProblem) -> TemplateArguments {
    var result = TemplateArguments()
    skip()
    while !skip(mark: ")") {
      if result.isStarted {
        try expect(.mark(","), ")")
        if skip(mark: ")") { break }
      }
      if skip(mark: "*"), result.spread == nil, result.namedSpread == nil {
        result.spread = try expression()
      } else if skip(mark: "**"), result.namedSpread == nil {
        result.namedSpread = try expression()
      } else if case .name(let name) = current, tokens[min(position + 1, tokens.count - 1)].kind == .mark("=") {
        skip()
        skip()
        result.named.append((name, try expression()))
      } else {
        guard result.named.isEmpty, result.spread == nil, result.namedSpread == nil else {
          throw unexpected(expected: "an argument with a name")
        }
        result.positional.append(try expression())
      }
    }
    return result
  }

  mutating func filtersAndTests(
    of value: TemplateExpression
  ) throws(TemplateProblem) -> TemplateExpression {
    let outer = depth
    defer { depth = outer }
    var value = value
    while true {
      let line = line
      try descend()
      if current == .mark("|") {
        value = try filters(of: value, isAtName: false)
      } else if skip(name: "is") {
        value = try test(of: value, line)
      } else if current == .mark("(") {
        value = node(.call(value, try arguments()), line)
      } else {
        return value
      }
    }
  }

  /// A chain of filters; of the text of a block where there is no value.
  mutating func filters(
    of value: TemplateExpression?, isAtName: Bool = true
  ) throws(TemplateProblem) -> TemplateExpression {
    let outer = depth
    defer { depth = outer }
    var value = value
    var isAtName = isAtName
    while isAtName || skip(mark: "|") {
      isAtName = false
      try descend()
      let line = line
      let name = try expectName()
      let arguments = current == .mark("(") ? try arguments() : TemplateArguments()
      value = node(.filter(value, name, arguments), line)
    }
    guard let value else { throw unexpected(expected: "a filter") }
    return value
  }

  private mutating func test(of value: TemplateExpression, _ line: Int) throws(TemplateProblem) -> TemplateExpression {
    let isNegated = skip(name: "not")
    let name = try expectName()
    var arguments = TemplateArguments()
    switch current {
    case .mark("("): arguments = try self.arguments()
    case .name("else"), .name("or"), .name("and"): break
    case .name("is"): throw TemplateProblem("tests with \"is\" cannot be chained")
    case .name, .text, .integer, .double, .mark("["), .mark("{"):
      // Jinja takes a value without brackets as the argument; a name such as `if` or `not` is no value here either.
      arguments.positional = [try postfix(of: try primary())]
    default: break
    }
    let test = node(.test(value, name, arguments), line)
    return isNegated ? node(.not(test), line) : test
  }
}
