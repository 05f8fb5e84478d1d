import Format

/// Jinja's filters, as far as templates of conversations use them.
extension TemplateRun {
  func filter(
    _ name: String, _ value: TemplateValue, _ arguments: TemplateArgumentValues
  ) throws(TemplateProblem) -> TemplateValue {
    try budget.step((value.length ?? 0) / 2)
    if let result = try textFilter(name, value, arguments) { return result }
    if let result = try sequenceFilter(name, value, arguments) { return result }
    return try scalarFilter(name, value, arguments)
  }

  // MARK: Texts

  private func textFilter(
    _ name: String, _ value: TemplateValue, _ arguments: TemplateArgumentValues
  ) throws(TemplateProblem) -> TemplateValue? {
    switch name {
    case "trim":
      let set = try arguments.bound(to: "chars", in: name)[0]
      return .text(try value.text().stripped(set?.isNone == true ? nil : set?.text()))
    case "upper": return .text(try value.text().uppercased())
    case "lower": return .text(try value.text().lowercased())
    case "title": return .text(try value.text().titledAsFilter)
    case "capitalize": return .text(try value.text().capitalizedOnce)
    case "string":
      if case .markup = value { return value }
      return .text(try value.text())
    case "safe": return .markup(try value.text())
    case "escape", "e":
      if case .markup = value { return value }
      return .markup(try value.text().escapedForHTML)
    case "replace":
      let values = try arguments.bound(to: "old", "new", "count", in: name)
      guard let old = values[0], let new = values[1] else { throw TemplateProblem("replace takes two texts") }
      return .text(try replaced(try value.text(), try old.text(), try new.text(), values[2]?.integer))
    case "join":
      let values = try arguments.bound(to: "d", "attribute", in: name)
      var parts: [String] = []
      for element in try value.elements() {
        parts.append(try part(values[1], of: element).text())
      }
      return .text(try joined(parts, separator: try values[0]?.text() ?? ""))
    case "indent": return .text(try indented(value, arguments))
    case "format":
      guard arguments.named.isEmpty else { throw TemplateProblem("the filter \"format\" with names is not supported") }
      return .text(try PythonFormat.percent(try value.text(), arguments.positional))
    case "tojson": return .text(try json(value, arguments))
    default: return nil
    }
  }

  private func indented(_ value: TemplateValue, _ arguments: TemplateArgumentValues) throws(TemplateProblem) -> String {
    guard let text = value.string else { throw TemplateProblem("the filter \"indent\" takes a text", got: value.kind) }
    let values = try arguments.bound(to: "width", "first", "blank", in: "indent")
    let indent = try spaces(values[0], otherwise: 4) ?? ""
    let (first, blank) = (values[1]?.isTrue ?? false, values[2]?.isTrue ?? false)
    let lines = (text + "\n").lines()
    try budget.text(text.utf8.count + lines.count * indent.utf8.count)
    let shifted = lines.enumerated().map { i, line in i == 0 || line.isEmpty && !blank ? line : indent + line }
    return (first ? indent : "") + shifted.joined(separator: "\n")
  }

  /// A text, or as many blanks as a number tells; nil for none.
  private func spaces(_ value: TemplateValue?, otherwise: Int?) throws(TemplateProblem) -> String? {
    guard let value, !value.isNone else { return otherwise.map { String(repeating: " ", count: $0) } }
    if let text = value.string { return text }
    guard let count = value.integer, count <= 1000 else { throw TemplateProblem("not a width", got: value.kind) }
    return String(repeating: " ", count: max(0, count))
  }

  private func json(_ value: TemplateValue, _ arguments: TemplateArgumentValues) throws(TemplateProblem) -> String {
    let values = try arguments.bound(to: "ensure_ascii", "indent", "separators", "sort_keys", in: "tojson")
    let indent = try spaces(values[1], otherwise: nil)
    var separators = (item: indent == nil ? ", " : ",", key: ": ")
    if let pair = values[2], !pair.isNone {
      let parts = try pair.elements().compactMap(\.string)
      guard parts.count == 2 else { throw TemplateProblem("separators are two texts", got: pair.kind) }
      separators = (parts[0], parts[1])
    }
    let writer = TemplateJSON(
      indent: indent, separators: separators, sortsKeys: values[3]?.isTrue ?? false, isASCII: values[0]?.isTrue ?? false
    )
    let text = try writer.text(value)
    try budget.text(text.utf8.count)
    return text
  }

  // MARK: Sequences

  private func sequenceFilter(
    _ name: String, _ value: TemplateValue, _ arguments: TemplateArgumentValues
  ) throws(TemplateProblem) -> TemplateValue? {
    switch name {
    case "length", "count":
      guard let length = value.length else { throw TemplateProblem("has no length", got: value.kind) }
      return .int(length)
    case "list": return .list(try value.elements())
    case "first":
      if case .generator(let generator) = value { return generator.next() ?? .undefined("there is no first element") }
      return try value.elements().first ?? .undefined("there is no first element")
    case "last":
      if case .generator = value {
        throw TemplateProblem("the last element is asked for", expected: "a list", got: value.kind)
      }
      return try value.elements().last ?? .undefined("there is no last element")
    case "reverse":
      if let text = value.string { return .text(String(text.unicodeScalars.reversed())) }
      return try generator(try value.elements().reversed())
    case "items":
      if value.isUndefined { return try generator([]) }
      guard case .dict(let dict) = value else {
        throw TemplateProblem("has no items", expected: "a dictionary", got: value.kind)
      }
      return try generator(dict.members.map { .tuple([$0.key, $0.value]) })
    case "dictsort": return try sortedDictionary(value, arguments)
    case "sort": return try sorted(value, arguments)
    case "unique": return try unique(value, arguments)
    case "min", "max", "sum": return try reduced(name, value, arguments)
    case "map": return try mapped(value, arguments)
    case "select", "reject", "selectattr", "rejectattr": return try selected(name, value, arguments)
    default: return nil
    }
  }

  private func generator(_ elements: [TemplateValue]) throws(TemplateProblem) -> TemplateValue {
    for element in elements { try budget.nest(element) }
    return .generator(TemplateGenerator(elements))
  }

  /// The element's part that a path names: "a.b", or an index; the element where there is no path.
  private func part(_ path: TemplateValue?, of element: TemplateValue) throws(TemplateProblem) -> TemplateValue {
    guard let path else { return element }
    guard let names = path.string else { return try item(path, of: element) }
    var value = element
    for name in names.parts(separatedBy: ".") { value = try item(Int(name).map { .int($0) } ?? .text(name), of: value) }
    return value
  }

  private func mapped(_ value: TemplateValue, _ arguments: TemplateArgumentValues) throws(TemplateProblem)
    -> TemplateValue
  {
    guard value.isTrue else { return try generator([]) }
    var result: [TemplateValue] = []
    if arguments.positional.isEmpty {
      let values = try arguments.bound(to: "attribute", "default", in: "map")
      guard let path = values[0] else { throw TemplateProblem("map takes a filter or an attribute") }
      for element in try value.elements() {
        let found = try part(path, of: element)
        result.append(found.isUndefined ? values[1] ?? found : found)
      }
    } else {
      guard let name = arguments.positional[0].string else { throw TemplateProblem("map takes a filter's name") }
      var rest = arguments
      rest.positional.removeFirst()
      for element in try value.elements() { result.append(try filter(name, element, rest)) }
    }
    return try generator(result)
  }

  private func selected(
    _ name: String, _ value: TemplateValue, _ arguments: TemplateArgumentValues
  ) throws(TemplateProblem) -> TemplateValue {
    var rest = arguments.positional
    var path: TemplateValue?
    if name.hasSuffix("attr") {
      guard !rest.isEmpty else { throw TemplateProblem("\(name) takes an attribute") }
      path = rest.removeFirst()
    }
    let testName = rest.isEmpty ? nil : try rest.removeFirst().text()
    let selects = name.hasPrefix("select")
    var result: [TemplateValue] = []
    for element in value.isTrue ? try value.elements() : [] {
      let part = try part(path, of: element)
      let holds = if let testName { try test(testName, part, rest) } else { part.isTrue }
      if holds == selects { result.append(element) }
    }
    return try generator(result)
  }

  /// The key by which filters compare: without the case of letters unless asked for.
  private func key(_ value: TemplateValue, isCaseSensitive: Bool) -> TemplateValue {
    isCaseSensitive ? value : value.string.map { .text($0.lowercased()) } ?? value
  }

  private func sortedPairs(
    _ pairs: [(key: TemplateValue, value: TemplateValue)], reverse: Bool
  ) throws(TemplateProblem) -> [TemplateValue] {
    try budget.step(pairs.count * 8)
    // Equal elements keep their order in both directions, as in Python.
    let sorted = try pairs.sortedStably { a, b throws(TemplateProblem) in
      reverse ? try b.key.precedes(a.key) : try a.key.precedes(b.key)
    }
    return sorted.map(\.value)
  }

  private func sorted(_ value: TemplateValue, _ arguments: TemplateArgumentValues) throws(TemplateProblem)
    -> TemplateValue
  {
    let values = try arguments.bound(to: "reverse", "case_sensitive", "attribute", in: "sort")
    var pairs: [(key: TemplateValue, value: TemplateValue)] = []
    for element in try value.elements() {
      let part = try part(values[2], of: element)
      pairs.append((key(part, isCaseSensitive: values[1]?.isTrue ?? false), element))
    }
    return .list(try sortedPairs(pairs, reverse: values[0]?.isTrue ?? false))
  }

  private func sortedDictionary(
    _ value: TemplateValue, _ arguments: TemplateArgumentValues
  ) throws(TemplateProblem) -> TemplateValue {
    guard case .dict(let dict) = value else {
      throw TemplateProblem("the filter \"dictsort\" takes a dictionary", got: value.kind)
    }
    let values = try arguments.bound(to: "case_sensitive", "by", "reverse", in: "dictsort")
    let by = values[1]?.string ?? "key"
    guard by == "key" || by == "value" else { throw TemplateProblem("dictsort sorts by key or value", got: by) }
    let pairs = dict.members.map { member in
      (
        key: key(by == "key" ? member.key : member.value, isCaseSensitive: values[0]?.isTrue ?? false),
        value: TemplateValue.tuple([member.key, member.value])
      )
    }
    return .list(try sortedPairs(pairs, reverse: values[2]?.isTrue ?? false))
  }

  private func unique(_ value: TemplateValue, _ arguments: TemplateArgumentValues) throws(TemplateProblem)
    -> TemplateValue
  {
    let values = try arguments.bound(to: "case_sensitive", "attribute", in: "unique")
    var seen: [TemplateValue] = []
    var result: [TemplateValue] = []
    for element in try value.elements() {
      let part = try part(values[1], of: element)
      let key = key(part, isCaseSensitive: values[0]?.isTrue ?? false)
      try budget.step(seen.count)
      if seen.contains(where: { $0.equals(key) }) { continue }
      seen.append(key)
      result.append(element)
    }
    return try generator(result)
  }

  private func reduced(
    _ name: String, _ value: TemplateValue, _ arguments: TemplateArgumentValues
  ) throws(TemplateProblem) -> TemplateValue {
    let values = try arguments.bound(
      to: name == "sum" ? "attribute" : "case_sensitive", name == "sum" ? "start" : "attribute", in: name)
    let path = name == "sum" ? values[0] : values[1]
    var result: TemplateValue? = name == "sum" ? values[1] ?? .int(0) : nil
    var resultKey = TemplateValue.none
    for element in try value.elements() {
      let part = try part(path, of: element)
      if name == "sum" {
        result = try TemplateArithmetic.apply("+", result ?? .int(0), part, &budget)
        continue
      }
      let key = key(part, isCaseSensitive: values[0]?.isTrue ?? false)
      let isBetter = result == nil ? true : try name == "min" ? key.precedes(resultKey) : resultKey.precedes(key)
      if isBetter { (result, resultKey) = (element, key) }
    }
    return result ?? .undefined("there is no element")
  }
}
