/// How values are written out.
extension TemplateValue {
  /// Python's `str` of a value.
  func text() throws(TemplateProblem) -> String {
    switch self {
    case .undefined: return ""
    case .text(let text), .markup(let text): return text
    default: return try literal()
    }
  }

  /// Python's `repr` of a value.
  private func literal() throws(TemplateProblem) -> String {
    switch self {
    case .undefined: return "Undefined"
    case .none: return "None"
    case .bool(let value): return value ? "True" : "False"
    case .int(let value): return "\(value)"
    case .double(let value): return "\(value)"
    case .text(let text): return text.pythonLiteral
    case .markup(let text): return "Markup(\(text.pythonLiteral))"
    case .list(let elements): return "[\(try Self.literals(elements))]"
    case .tuple(let elements): return "(\(try Self.literals(elements))\(elements.count == 1 ? "," : ""))"
    case .dict(let dict):
      var parts: [String] = []
      for member in dict.members { parts.append("\(try member.key.literal()): \(try member.value.literal())") }
      return "{\(parts.joined(separator: ", "))}"
    case .view(let view) where view.kind != .range:
      return "\(view.kind.rawValue)([\(try Self.literals(view.elements))])"
    case .view, .generator, .namespace, .loop, .callable:
      throw TemplateProblem("cannot be written out", expected: "a text, number, list or dictionary", got: kind)
    }
  }

  private static func literals(_ elements: [TemplateValue]) throws(TemplateProblem) -> String {
    var parts: [String] = []
    for element in elements { parts.append(try element.literal()) }
    return parts.joined(separator: ", ")
  }
}

/// JSON as Python's `json.dumps` writes it.
struct TemplateJSON {
  /// nil for one line.
  var indent: String?
  var separators: (item: String, key: String)
  var sortsKeys: Bool
  var isASCII: Bool

  func text(_ value: TemplateValue) throws(TemplateProblem) -> String {
    var result = ""
    try write(value, level: 0, to: &result)
    return result
  }

  private func write(_ value: TemplateValue, level: Int, to result: inout String) throws(TemplateProblem) {
    switch value {
    case .list(let elements), .tuple(let elements):
      try write("[", "]", count: elements.count, level: level, to: &result) { i, result throws(TemplateProblem) in
        try write(elements[i], level: level + 1, to: &result)
      }
    case .dict(let dict):
      let members = sortsKeys ? try sorted(dict) : dict.members
      try write("{", "}", count: members.count, level: level, to: &result) { i, result throws(TemplateProblem) in
        result += try key(members[i].key).jsonLiteral(ascii: isASCII) + separators.key
        try write(members[i].value, level: level + 1, to: &result)
      }
    case .text(let text), .markup(let text): result += text.jsonLiteral(ascii: isASCII)
    default: result += try scalar(value)
    }
  }

  private func write(
    _ open: String, _ close: String, count: Int, level: Int, to result: inout String,
    _ body: (Int, inout String) throws(TemplateProblem) -> Void
  ) throws(TemplateProblem) {
    func newline(_ level: Int) -> String { indent.map { "\n" + String(repeating: $0, count: level) } ?? "" }
    result += open
    for i in 0..<count {
      result += (i > 0 ? separators.item : "") + newline(level + 1)
      try body(i, &result)
    }
    result += (count > 0 ? newline(level) : "") + close
  }

  private func scalar(_ value: TemplateValue) throws(TemplateProblem) -> String {
    switch value {
    case .none: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .int(let value): return "\(value)"
    case .double(let value):
      return value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Infinity" : "Infinity") : "\(value)"
    default: throw TemplateProblem("cannot be written as JSON", got: value.kind)
    }
  }

  private func key(_ value: TemplateValue) throws(TemplateProblem) -> String {
    if let text = value.string { return text }
    return try scalar(value)
  }

  private func sorted(
    _ dict: TemplateDict
  ) throws(TemplateProblem) -> [(key: TemplateValue, value: TemplateValue)] {
    let keys = try dict.members.map(\.key).sortedStably { a, b throws(TemplateProblem) in try a.precedes(b) }
    return keys.map { ($0, dict[$0] ?? .none) }
  }
}

extension Array {
  /// The elements in ascending order, equal ones in their own.
  func sortedStably<Failure: Error>(by precedes: (Element, Element) throws(Failure) -> Bool) throws(Failure)
    -> [Element]
  {
    guard count > 1 else { return self }
    let (left, right) = (
      try Array(self[..<(count / 2)]).sortedStably(by: precedes),
      try Array(self[(count / 2)...]).sortedStably(by: precedes)
    )
    var (result, i) = ([Element](), 0)
    result.reserveCapacity(count)
    for element in right {
      while i < left.count, try !precedes(element, left[i]) {
        result.append(left[i])
        i += 1
      }
      result.append(element)
    }
    return result + left[i...]
  }
}
