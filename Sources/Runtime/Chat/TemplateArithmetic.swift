import Kernels

/// Python's arithmetic.
enum TemplateArithmetic {
  static func signed(_ value: TemplateValue, isNegative: Bool) throws(TemplateProblem) -> TemplateValue {
    if let integer = value.integer {
      return .int(isNegative ? try checked(0.subtractingReportingOverflow(integer)) : integer)
    }
    guard let number = value.number else { throw TemplateProblem("a sign needs a number", got: value.kind) }
    return .double(isNegative ? -number : number)
  }

  static func apply(
    _ mark: String, _ a: TemplateValue, _ b: TemplateValue, _ budget: inout TemplateBudget
  ) throws(TemplateProblem) -> TemplateValue {
    for value in [a, b] {
      if case .undefined(let problem) = value { throw TemplateProblem(problem) }
    }
    if mark == "+", let joined = try joined(a, b, &budget) { return joined }
    if mark == "*" {
      if let count = b.integer, let repeated = try repeated(a, count, &budget) { return repeated }
      if let count = a.integer, let repeated = try repeated(b, count, &budget) { return repeated }
    }
    if mark == "%", a.string != nil { throw TemplateProblem("texts with % are not supported") }
    if let x = a.integer, let y = b.integer, mark != "/" { return try integers(mark, x, y) }
    guard let x = a.number, let y = b.number else {
      throw TemplateProblem("\"\(mark)\" cannot be used", got: "\(a.kind) and \(b.kind)")
    }
    return .double(try doubles(mark, x, y))
  }

  private static func joined(
    _ a: TemplateValue, _ b: TemplateValue, _ budget: inout TemplateBudget
  ) throws(TemplateProblem) -> TemplateValue? {
    if let x = a.string, let y = b.string {
      try budget.text(x.utf8.count + y.utf8.count)
      switch (a, b) {
      case (.markup, .markup): return .markup(x + y)
      case (.markup, _): return .markup(x + y.escapedForHTML)
      case (_, .markup): return .markup(x.escapedForHTML + y)
      default: return .text(x + y)
      }
    }
    switch (a, b) {
    case (.list(let x), .list(let y)):
      try budget.step(x.count + y.count)
      return .list(x + y)
    case (.tuple(let x), .tuple(let y)):
      try budget.step(x.count + y.count)
      return .tuple(x + y)
    default: return nil
    }
  }

  private static func repeated(
    _ value: TemplateValue, _ count: Int, _ budget: inout TemplateBudget
  ) throws(TemplateProblem) -> TemplateValue? {
    let count = max(0, count)
    func size(_ length: Int) -> Int {
      let (size, overflow) = length.multipliedReportingOverflow(by: count)
      return overflow ? .max : size
    }
    switch value {
    case .text(let text), .markup(let text):
      try budget.text(size(text.utf8.count))
      return .text(String(repeating: text, count: text.isEmpty ? 0 : count))
    case .list(let elements), .tuple(let elements):
      try budget.text(size(elements.count))
      try budget.step(elements.count * count)
      let all = Array(repeatElement(elements, count: elements.isEmpty ? 0 : count).joined())
      if case .tuple = value { return .tuple(all) }
      return .list(all)
    default: return nil
    }
  }

  private static func checked(_ result: (partialValue: Int, overflow: Bool)) throws(TemplateProblem) -> Int {
    guard !result.overflow else { throw TemplateProblem("a number is too large", expected: "64 bits") }
    return result.partialValue
  }

  private static func integers(_ mark: String, _ a: Int, _ b: Int) throws(TemplateProblem) -> TemplateValue {
    switch mark {
    case "+": return .int(try checked(a.addingReportingOverflow(b)))
    case "-": return .int(try checked(a.subtractingReportingOverflow(b)))
    case "*": return .int(try checked(a.multipliedReportingOverflow(by: b)))
    case "**":
      if b < 0 { return .double(kernel_f64_pow(Double(a), Double(b))) }
      var result = 1
      // An exponent beyond 63 is too large for all bases but these.
      if a == 0 || a == 1 || a == -1 { return .int(b == 0 ? 1 : a == -1 ? (b % 2 == 0 ? 1 : -1) : a) }
      for _ in 0..<min(b, 64) { result = try checked(result.multipliedReportingOverflow(by: a)) }
      return .int(result)
    default:
      guard b != 0 else { throw TemplateProblem("a division by 0") }
      let quotient = try checked(a.dividedReportingOverflow(by: b))
      let remainder = b == -1 ? 0 : a % b
      // Python rounds down, and its remainder has the divisor's sign.
      let isRounded = remainder != 0 && (remainder < 0) != (b < 0)
      return .int(mark == "//" ? quotient - (isRounded ? 1 : 0) : remainder + (isRounded ? b : 0))
    }
  }

  private static func doubles(_ mark: String, _ a: Double, _ b: Double) throws(TemplateProblem) -> Double {
    switch mark {
    case "+": return a + b
    case "-": return a - b
    case "*": return a * b
    case "**": return kernel_f64_pow(a, b)
    default:
      guard b != 0 else { throw TemplateProblem("a division by 0") }
      if mark == "/" { return a / b }
      let floor = (a / b).rounded(.down)
      return mark == "//" ? floor : a - b * floor
    }
  }
}
