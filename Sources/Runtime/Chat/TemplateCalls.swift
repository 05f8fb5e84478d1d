/// Calls functions, methods and macros.
extension TemplateRun {
  func call(_ function: TemplateValue, _ arguments: TemplateArgumentValues) throws(TemplateProblem) -> TemplateValue {
    switch function {
    case .undefined(let problem): throw TemplateProblem(problem)
    case .callable(.macro(let macro)): return .text(try run(macro, arguments))
    case .callable(.function(let name)): return try TemplateFunctions.call(name, arguments, self)
    case .callable(.method(let receiver, let name)):
      return try TemplateMethods.call(name, of: receiver, arguments, self)
    case .callable(.loop(let state, let name)): return try state.call(name, arguments.positional)
    default: throw TemplateProblem("cannot be called", got: function.kind)
    }
  }

  private func run(_ macro: TemplateMacro, _ arguments: TemplateArgumentValues) throws(TemplateProblem) -> String {
    let (syntax, scope) = (macro.syntax, TemplateScope(in: macro.scope))
    var named = arguments.named
    guard arguments.positional.count <= syntax.parameters.count else {
      throw TemplateProblem(
        "too many arguments for the macro \(syntax.name)", expected: "at most \(syntax.parameters.count)",
        got: "\(arguments.positional.count)")
    }
    for (i, parameter) in syntax.parameters.enumerated() {
      if i < arguments.positional.count {
        scope.values[parameter.name] = arguments.positional[i]
      } else if let index = named.firstIndex(where: { $0.0 == parameter.name }) {
        scope.values[parameter.name] = named.remove(at: index).1
      } else if let fallback = parameter.fallback {
        scope.values[parameter.name] = try evaluate(fallback, scope)
      } else {
        scope.values[parameter.name] = .undefined("the parameter \"\(parameter.name)\" was not given")
      }
    }
    if let index = named.firstIndex(where: { $0.0 == "caller" }) { scope.values["caller"] = named.remove(at: index).1 }
    if let first = named.first {
      throw TemplateProblem("the macro \(syntax.name) has no such parameter that is free", got: first.0)
    }
    return try text(of: syntax.body, in: scope)
  }
}

/// The functions that transformers gives a template.
enum TemplateFunctions {
  static let names = ["range", "dict", "namespace", "raise_exception", "strftime_now"]
  /// What Jinja's sandbox allows.
  private static let rangeLimit = 100_000

  static func call(
    _ name: String, _ arguments: TemplateArgumentValues, _ run: TemplateRun
  ) throws(TemplateProblem) -> TemplateValue {
    switch name {
    case "range": return try range(arguments, run)
    case "dict", "namespace":
      var result = TemplateDict()
      if let first = arguments.positional.first {
        guard arguments.positional.count == 1, case .dict(let dict) = first else {
          throw TemplateProblem("\(name) takes one dictionary and members with names", got: first.kind)
        }
        result = dict
      }
      for (key, value) in arguments.named {
        try run.budget.nest(value)
        if name == "namespace", key.hasPrefix("_") {
          throw TemplateProblem("a namespace has no attributes that begin with an underscore", got: key)
        }
        result[key] = value
      }
      return name == "dict" ? .dict(result) : .namespace(TemplateNamespace(result))
    case "raise_exception":
      let message = try arguments.bound(to: "message", in: name)[0]
      throw .refusal(try message?.text() ?? "")
    default:
      guard let format = try arguments.bound(to: "format", in: name)[0]?.string else {
        throw TemplateProblem("strftime_now takes a format")
      }
      return .text(try run.date.formatted(format))
    }
  }

  private static func range(_ arguments: TemplateArgumentValues, _ run: TemplateRun) throws(TemplateProblem)
    -> TemplateValue
  {
    let numbers = arguments.positional.compactMap(\.integer)
    guard numbers.count == arguments.positional.count, arguments.named.isEmpty, 1...3 ~= numbers.count else {
      throw TemplateProblem("range takes one to three integers")
    }
    let (first, end) = numbers.count == 1 ? (0, numbers[0]) : (numbers[0], numbers[1])
    let step = numbers.count == 3 ? numbers[2] : 1
    guard step != 0 else { throw TemplateProblem("range has step 0") }
    // Doubles do not overflow, and are exact up to the limit.
    let count = max(0, ((Double(end) - Double(first)) / Double(step)).rounded(.up))
    guard count <= Double(rangeLimit) else {
      throw TemplateProblem("a range is too long", expected: "at most \(rangeLimit) elements")
    }
    try run.budget.step(Int(count))
    return .view(
      TemplateView(kind: .range, elements: (0..<Int(count)).map { .int(first + $0 * step) }))
  }
}
