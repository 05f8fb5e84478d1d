import Format

/// Jinja's tests, as far as templates of conversations use them.
extension TemplateRun {
  func test(_ name: String, _ value: TemplateValue, _ arguments: [TemplateValue]) throws(TemplateProblem) -> Bool {
    if let isOfKind = Self.kindTest(name, value) { return isOfKind }
    if let mark = Self.comparisons[name] {
      guard arguments.count == 1 else { throw TemplateProblem("the test \"\(name)\" takes one value") }
      try budget.step((arguments[0].length ?? 0) / 8)
      return try Self.compare(mark, value, arguments[0])
    }
    switch name {
    case "odd", "even", "divisibleby":
      guard let number = value.integer else {
        throw TemplateProblem("the test \"\(name)\" takes an integer", got: value.kind)
      }
      let divisor = name == "divisibleby" ? arguments.first?.integer ?? 0 : 2
      guard divisor != 0 else { throw TemplateProblem("a division by 0") }
      let isDivided = divisor == -1 || number % divisor == 0
      return name == "odd" ? !isDivided : isDivided
    case "lower": return try value.text().isCased(lower: true)
    case "upper": return try value.text().isCased(lower: false)
    default: throw TemplateProblem("the test \"\(name.printable(limit: 40))\" is not supported")
    }
  }

  private static let comparisons = [
    "==": "==", "eq": "==", "equalto": "==", "!=": "!=", "ne": "!=", "<": "<", "lt": "<", "lessthan": "<", "<=": "<=",
    "le": "<=", ">": ">", "gt": ">", "greaterthan": ">", ">=": ">=", "ge": ">=", "in": "in",
  ]

  private static func kindTest(_ name: String, _ value: TemplateValue) -> Bool? {
    switch name {
    case "defined": return !value.isUndefined
    case "undefined": return value.isUndefined
    case "none": return value.isNone
    case "string": return value.string != nil
    case "boolean": if case .bool = value { return true } else { return false }
    case "true": if case .bool(true) = value { return true } else { return false }
    case "false": if case .bool(false) = value { return true } else { return false }
    case "integer": if case .int = value { return true } else { return false }
    case "float": if case .double = value { return true } else { return false }
    case "number": return value.number != nil
    case "mapping": if case .dict = value { return true } else { return false }
    case "callable": if case .callable = value { return true } else { return false }
    case "iterable":
      switch value {
      case .none, .bool, .int, .double, .namespace, .loop, .callable: return false
      default: return true
      }
    case "sequence":
      switch value {
      case .undefined, .text, .markup, .list, .tuple, .dict: return true
      case .view(let view): return view.kind == .range
      default: return false
      }
    default: return nil
    }
  }
}

extension String {
  /// Python's `islower` and `isupper`.
  func isCased(lower: Bool) -> Bool {
    let cased = unicodeScalars.filter(\.properties.isCased)
    return !cased.isEmpty && cased.allSatisfy { lower ? $0.properties.isLowercase : $0.properties.isUppercase }
  }
}
