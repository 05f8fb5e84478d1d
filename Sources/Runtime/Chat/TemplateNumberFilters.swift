import Format

/// The filters of numbers and of what may be missing.
extension TemplateRun {
  func scalarFilter(
    _ name: String, _ value: TemplateValue, _ arguments: TemplateArgumentValues
  ) throws(TemplateProblem) -> TemplateValue {
    switch name {
    case "default", "d":
      let values = try arguments.bound(to: "default_value", "boolean", in: name)
      let isReplaced = value.isUndefined || values[1]?.isTrue == true && !value.isTrue
      return isReplaced ? values[0] ?? .text("") : value
    case "int": return try integer(value, arguments)
    case "float":
      let fallback = try arguments.bound(to: "default", in: name)[0] ?? .double(0)
      return (value.number ?? value.string.flatMap { Double($0.stripped()) }).map { .double($0) } ?? fallback
    case "abs":
      if let integer = value.integer, integer != .min { return .int(abs(integer)) }
      guard case .double(let number) = value else { throw TemplateProblem("has no absolute value", got: value.kind) }
      return .double(abs(number))
    default: throw TemplateProblem("the filter \"\(name.printable(limit: 40))\" is not supported")
    }
  }

  private func integer(_ value: TemplateValue, _ arguments: TemplateArgumentValues) throws(TemplateProblem)
    -> TemplateValue
  {
    let values = try arguments.bound(to: "default", "base", in: "int")
    if let integer = value.integer { return .int(integer) }
    let base = values[1]?.integer ?? 10
    guard 2...36 ~= base else { throw TemplateProblem("not a base of numbers that is supported", got: "\(base)") }
    var number: Double?
    if case .double(let double) = value { number = double }
    if let text = value.string {
      var digits = text.stripped().lowercased()
      if let prefix = [16: "0x", 8: "0o", 2: "0b"][base], digits.hasPrefix(prefix) { digits.removeFirst(2) }
      if let integer = Int(digits, radix: base) { return .int(integer) }
      number = Double(text.stripped())
    }
    if let number, number.isFinite, number.magnitude < 9e18 { return .int(Int(number)) }
    return values[0] ?? .int(0)
  }
}
