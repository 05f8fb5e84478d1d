import Foundation

/// Evaluates expressions.
extension TemplateRun {
  /// - Parameters:
  ///   - block: the text that the filters of a block take.
  ///   - caller: the body of a `call` block, for the macro that is called.
  func evaluate(
    _ expression: TemplateExpression, _ scope: TemplateScope, block: TemplateValue? = nil, caller: TemplateValue? = nil
  ) throws(TemplateProblem) -> TemplateValue {
    try budget.descend()
    defer { budget.ascend() }
    try budget.step()
    line = expression.line
    switch expression.node {
    case .none: return .none
    case .bool(let value): return .bool(value)
    case .int(let value): return .int(value)
    case .double(let value): return .double(value)
    case .text(let text): return .text(text)
    case .name(let name): return scope[name] ?? .undefined("\"\(name)\" is not defined")
    case .list(let elements): return .list(try values(elements, scope))
    case .tuple(let elements): return .tuple(try values(elements, scope))
    case .dict(let members): return .dict(try dictionary(members, scope))
    case .attribute(let value, let name): return try attribute(name, of: try evaluate(value, scope))
    case .item(let value, let index): return try item(try evaluate(index, scope), of: try evaluate(value, scope))
    case .slice(let value, let bounds): return try slice(value, bounds, scope)
    case .call(let function, let arguments):
      let function = try evaluate(function, scope)
      var arguments = try values(arguments, scope)
      if let caller { arguments.named.append(("caller", caller)) }
      line = expression.line
      return try call(function, arguments)
    case .filter(let value, let name, let arguments):
      let value = if let value { try evaluate(value, scope, block: block) } else { block ?? .text("") }
      let arguments = try values(arguments, scope)
      line = expression.line
      return try filter(name, value, arguments)
    case .test(let value, let name, let arguments):
      return .bool(try test(name, try evaluate(value, scope), try values(arguments, scope).positional))
    default: return try operation(expression, scope)
    }
  }

  private func operation(
    _ expression: TemplateExpression, _ scope: TemplateScope
  ) throws(TemplateProblem) -> TemplateValue {
    switch expression.node {
    case .not(let value): return .bool(try !evaluate(value, scope).isTrue)
    case .and(let a, let b):
      let value = try evaluate(a, scope)
      return value.isTrue ? try evaluate(b, scope) : value
    case .or(let a, let b):
      let value = try evaluate(a, scope)
      return value.isTrue ? value : try evaluate(b, scope)
    case .conditional(let condition, let then, let otherwise):
      if try evaluate(condition, scope).isTrue { return try evaluate(then, scope) }
      return try otherwise.map { value throws(TemplateProblem) in try evaluate(value, scope) }
        ?? .undefined("an \"if\" without \"else\" has no value")
    case .sign(let value, let isNegative):
      return try TemplateArithmetic.signed(try evaluate(value, scope), isNegative: isNegative)
    case .binary(let mark, let a, let b):
      let (a, b) = (try evaluate(a, scope), try evaluate(b, scope))
      line = expression.line
      return try TemplateArithmetic.apply(mark, a, b, &budget)
    case .concatenation(let parts):
      var result = ""
      for part in parts {
        result += try evaluate(part, scope).text()
        try budget.text(result.utf8.count)
      }
      return .text(result)
    case .comparison(let first, let rest): return try comparison(try evaluate(first, scope), rest, scope)
    default: return .none
    }
  }

  private func comparison(
    _ first: TemplateValue, _ rest: [(String, TemplateExpression)], _ scope: TemplateScope
  ) throws(TemplateProblem) -> TemplateValue {
    var left = first
    for (mark, expression) in rest {
      let right = try evaluate(expression, scope)
      try budget.step((right.length ?? 0) / 4)
      guard try Self.compare(mark, left, right) else { return .bool(false) }
      left = right
    }
    return .bool(true)
  }

  static func compare(_ mark: String, _ a: TemplateValue, _ b: TemplateValue) throws(TemplateProblem) -> Bool {
    switch mark {
    case "==": return a.equals(b)
    case "!=": return !a.equals(b)
    case "<": return try a.precedes(b)
    case ">": return try b.precedes(a)
    case "<=": return try a.precedes(b) || a.equals(b)
    case ">=": return try b.precedes(a) || a.equals(b)
    case "in": return try b.contains(a)
    default: return try !b.contains(a)
    }
  }

  private func values(
    _ expressions: [TemplateExpression], _ scope: TemplateScope
  ) throws(TemplateProblem) -> [TemplateValue] {
    var result: [TemplateValue] = []
    for expression in expressions {
      result.append(try evaluate(expression, scope))
      try budget.nest(result[result.count - 1])
    }
    return result
  }

  private func values(
    _ arguments: TemplateArguments, _ scope: TemplateScope
  ) throws(TemplateProblem) -> TemplateArgumentValues {
    var result = TemplateArgumentValues()
    for expression in arguments.positional { result.positional.append(try evaluate(expression, scope)) }
    for (name, expression) in arguments.named { result.named.append((name, try evaluate(expression, scope))) }
    if let spread = arguments.spread { result.positional += try evaluate(spread, scope).elements() }
    if let spread = arguments.namedSpread {
      guard case .dict(let dict) = try evaluate(spread, scope) else {
        throw TemplateProblem("arguments with names come from a dictionary only")
      }
      for member in dict.members { result.named.append((try member.key.text(), member.value)) }
    }
    return result
  }

  private func dictionary(
    _ members: [(TemplateExpression, TemplateExpression)], _ scope: TemplateScope
  ) throws(TemplateProblem) -> TemplateDict {
    var result = TemplateDict()
    for (key, value) in members {
      let (key, value) = (try evaluate(key, scope), try evaluate(value, scope))
      try TemplateDict.check(key: key)
      try budget.nest(value)
      result[key] = value
    }
    return result
  }

  // MARK: Parts of values

  /// `value.name`: what Python's object has of that name, else the item.
  func attribute(_ name: String, of value: TemplateValue) throws(TemplateProblem) -> TemplateValue {
    switch value {
    case .undefined(let problem): throw TemplateProblem("\(problem), and has no attribute \"\(name)\"")
    case .namespace(let namespace):
      return namespace.attributes[name] ?? .undefined("the namespace has no attribute \"\(name)\"")
    case .loop(let state):
      guard let result = try state.attribute(name) else {
        throw TemplateProblem("the attribute \"loop.\(name)\" is not supported")
      }
      return result
    case .dict(let dict) where !TemplateMethods.dict.contains(name):
      return dict[name] ?? .undefined("the dictionary has no member \"\(name)\"")
    default:
      guard TemplateMethods.exists(name, of: value) else {
        return .undefined("\(value.kind) has no attribute \"\(name)\"")
      }
      return .callable(.method(value, name))
    }
  }

  /// `value[index]`: an item, else what Python's object has of that name.
  func item(_ index: TemplateValue, of value: TemplateValue) throws(TemplateProblem) -> TemplateValue {
    if case .undefined(let problem) = value { throw TemplateProblem("\(problem), and has no items") }
    if case .dict(let dict) = value {
      if let item = dict[index] { return item }
    } else if let i = index.integer, let elements = value.sequence {
      let place = i < 0 ? i + elements.count : i
      try budget.step(elements.count / 2)
      return elements.indices.contains(place) ? elements[place] : .undefined("\(value.kind) has no item \(i)")
    }
    if let name = index.string {
      if case .dict = value, !TemplateMethods.dict.contains(name) {
        return .undefined("the dictionary has no member \"\(name)\"")
      }
      return try attribute(name, of: value)
    }
    return .undefined("\(value.kind) has no such item")
  }

  private func slice(
    _ expression: TemplateExpression, _ bounds: [TemplateExpression?], _ scope: TemplateScope
  ) throws(TemplateProblem) -> TemplateValue {
    let value = try evaluate(expression, scope)
    var numbers: [Int?] = []
    for bound in bounds {
      guard let bound else {
        numbers.append(nil)
        continue
      }
      let value = try evaluate(bound, scope)
      guard value.isNone || value.integer != nil else {
        throw TemplateProblem("a slice has a bound that is no integer", got: value.kind)
      }
      numbers.append(value.integer)
    }
    if case .undefined(let problem) = value { throw TemplateProblem("\(problem), and has no items") }
    guard let elements = value.sequence else { return .undefined("\(value.kind) has no slices") }
    try budget.step(elements.count)
    let step = numbers.count > 2 ? numbers[2] ?? 1 : 1
    guard step != 0 else { throw TemplateProblem("a slice has step 0") }
    let chosen = sliceIndices(count: elements.count, numbers[0], numbers[1], step).map { elements[$0] }
    switch value {
    case .text, .markup: return .text(chosen.compactMap(\.string).joined())
    case .tuple: return .tuple(chosen)
    default: return .list(chosen)
    }
  }
}

/// The indices of Python's `sequence[start:stop:step]`.
private func sliceIndices(count: Int, _ start: Int?, _ stop: Int?, _ step: Int) -> [Int] {
  func bound(_ value: Int?, _ fallback: Int) -> Int {
    guard let value else { return fallback }
    let place = value < 0 ? max(value + count, step < 0 ? -1 : 0) : value
    return min(place, step < 0 ? count - 1 : count)
  }
  let first = bound(start, step < 0 ? count - 1 : 0)
  let end = bound(stop, step < 0 ? -1 : count)
  return Array(stride(from: first, to: end, by: step))
}

extension TemplateValue {
  /// The elements that can be reached by index: those of a text, a list, a tuple or a range.
  fileprivate var sequence: [TemplateValue]? {
    switch self {
    case .text(let text), .markup(let text): text.unicodeScalars.map { .text(String($0)) }
    case .list(let elements), .tuple(let elements): elements
    case .view(let view) where view.kind == .range: view.elements
    default: nil
    }
  }
}

extension TemplateDict {
  static func check(key: TemplateValue) throws(TemplateProblem) {
    switch key {
    case .none, .bool, .int, .double, .text, .markup: break
    default: throw TemplateProblem("cannot be a dictionary's key", expected: "a text or a number", got: key.kind)
    }
  }
}

/// The arguments of a call.
struct TemplateArgumentValues {
  var positional: [TemplateValue] = []
  var named: [(String, TemplateValue)] = []

  /// The values of parameters in their order; nil where one is not given.
  ///
  /// - Throws: `TemplateProblem` for more arguments, or other names.
  func bound(to names: String..., in function: String) throws(TemplateProblem) -> [TemplateValue?] {
    guard positional.count <= names.count else {
      throw TemplateProblem(
        "too many arguments for \(function)", expected: "at most \(names.count)", got: "\(positional.count)")
    }
    var result: [TemplateValue?] = positional + [TemplateValue?](repeating: nil, count: names.count - positional.count)
    for (name, value) in named {
      guard let index = names.firstIndex(of: name), index >= positional.count, result[index] == nil else {
        throw TemplateProblem("\(function) has no such argument that is free", got: name)
      }
      result[index] = value
    }
    return result
  }
}
