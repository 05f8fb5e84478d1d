/// The methods of texts, lists and dictionaries.
enum TemplateMethods {
  private static let text: Set = [
    "capitalize", "count", "endswith", "find", "format", "index", "isalpha", "isdigit", "islower", "isspace", "isupper",
    "join", "lower", "lstrip", "removeprefix", "removesuffix", "replace", "rfind", "rsplit", "rstrip", "split",
    "splitlines", "startswith", "strip", "title", "upper",
  ]
  private static let list: Set = ["count", "index"]
  static let dict: Set = [
    "copy", "get", "items", "keys", "values", "clear", "pop", "popitem", "setdefault", "update",
  ]
  /// Methods that change a value, which the sandbox forbids.
  private static let changing: Set = [
    "append", "clear", "extend", "insert", "pop", "popitem", "remove", "reverse", "setdefault", "sort", "update",
  ]

  static func exists(_ name: String, of value: TemplateValue) -> Bool {
    switch value {
    case .text, .markup: text.contains(name)
    case .list: list.contains(name) || changing.contains(name)
    case .tuple: list.contains(name)
    case .dict: dict.contains(name)
    default: false
    }
  }

  static func call(
    _ name: String, of value: TemplateValue, _ arguments: TemplateArgumentValues, _ run: TemplateRun
  ) throws(TemplateProblem) -> TemplateValue {
    if changing.contains(name), value.string == nil {
      throw TemplateProblem("\"\(name)\" changes \(value.kind), which templates must not")
    }
    switch value {
    case .text(let text), .markup(let text):
      try run.budget.text(text.utf8.count)
      return try call(name, of: text, arguments, run)
    case .dict(let dict): return try call(name, of: dict, arguments, run)
    default:
      let sought = try arguments.bound(to: "value", in: name)[0] ?? .none
      let elements = try value.elements()
      if name == "count" { return .int(elements.count { $0.equals(sought) }) }
      guard let index = elements.firstIndex(where: { $0.equals(sought) }) else {
        throw TemplateProblem("the value is not in \(value.kind)")
      }
      return .int(index)
    }
  }

  private static func call(
    _ name: String, of dict: TemplateDict, _ arguments: TemplateArgumentValues, _ run: TemplateRun
  ) throws(TemplateProblem) -> TemplateValue {
    try run.budget.step(dict.members.count)
    switch name {
    case "get":
      let values = try arguments.bound(to: "key", "default", in: name)
      guard let key = values[0] else { throw TemplateProblem("get takes a key") }
      return dict[key] ?? values[1] ?? .none
    case "copy": return .dict(dict)
    case "keys": return .view(TemplateView(kind: .keys, elements: dict.members.map(\.key)))
    case "values": return .view(TemplateView(kind: .values, elements: dict.members.map(\.value)))
    default: return .view(TemplateView(kind: .items, elements: dict.members.map { .tuple([$0.key, $0.value]) }))
    }
  }

  private static func call(
    _ name: String, of text: String, _ arguments: TemplateArgumentValues, _ run: TemplateRun
  ) throws(TemplateProblem) -> TemplateValue {
    switch name {
    case "strip", "lstrip", "rstrip":
      let set = try optionalText(try arguments.bound(to: "chars", in: name)[0], name)
      return .text(text.stripped(set, left: name != "rstrip", right: name != "lstrip"))
    case "split", "rsplit":
      let values = try arguments.bound(to: "sep", "maxsplit", in: name)
      return .list(try split(text, values[0], values[1]?.integer, fromRight: name == "rsplit").map { .text($0) })
    case "splitlines":
      let keeps = try arguments.bound(to: "keepends", in: name)[0]?.isTrue ?? false
      return .list(text.lines(keepingEnds: keeps).map { .text($0) })
    case "startswith", "endswith":
      let sought = try arguments.bound(to: "prefix", in: name)[0] ?? .none
      let parts: [TemplateValue] = if case .tuple(let elements) = sought { elements } else { [sought] }
      for part in parts {
        if matches(text, try requiredText(part, name), atStart: name == "startswith") { return .bool(true) }
      }
      return .bool(false)
    case "removeprefix", "removesuffix":
      let part = try requiredText(try arguments.bound(to: "part", in: name)[0], name)
      return .text(without(part, text, atStart: name == "removeprefix"))
    case "replace":
      let values = try arguments.bound(to: "old", "new", "count", in: name)
      return .text(
        try run.replaced(text, try requiredText(values[0], name), try requiredText(values[1], name), values[2]?.integer)
      )
    case "join":
      let values = try arguments.bound(to: "iterable", in: name)[0] ?? .none
      var parts: [String] = []
      for element in try values.elements() { parts.append(try requiredText(element, name)) }
      return .text(try run.joined(parts, separator: text))
    case "format": return .text(try PythonFormat.braces(text, arguments))
    case "find", "rfind", "index", "count": return .int(try place(name, text, arguments))
    default: return plain(name, of: text)
    }
  }

  private static func without(_ part: String, _ text: String, atStart: Bool) -> String {
    guard matches(text, part, atStart: atStart) else { return text }
    let count = part.unicodeScalars.count
    return atStart ? String(text.unicodeScalars.dropFirst(count)) : String(text.unicodeScalars.dropLast(count))
  }

  private static func plain(_ name: String, of text: String) -> TemplateValue {
    let scalars = text.unicodeScalars
    switch name {
    case "upper": return .text(text.uppercased())
    case "lower": return .text(text.lowercased())
    case "title": return .text(text.titled)
    case "capitalize": return .text(text.capitalizedOnce)
    case "isalpha": return .bool(!scalars.isEmpty && scalars.allSatisfy(\.properties.isAlphabetic))
    case "isdigit": return .bool(!scalars.isEmpty && scalars.allSatisfy { $0.properties.numericType == .decimal })
    case "isspace": return .bool(!scalars.isEmpty && scalars.allSatisfy(\.isSpace))
    default: return .bool(text.isCased(lower: name == "islower"))
    }
  }

  private static func split(
    _ text: String, _ separator: TemplateValue?, _ limit: Int?, fromRight: Bool
  ) throws(TemplateProblem) -> [String] {
    let limit = limit.map { $0 < 0 ? .max : $0 } ?? .max
    if let separator = try optionalText(separator, "split") {
      guard !separator.isEmpty else { throw TemplateProblem("split has an empty separator") }
      return text.parts(separatedBy: separator, limit: limit, fromRight: fromRight)
    }
    guard !fromRight || limit == .max else {
      throw TemplateProblem("rsplit with a limit but no separator is not supported")
    }
    return text.words(limit: limit)
  }

  /// The number of scalars before the first or last place of a text, or the number of its places.
  private static func place(
    _ name: String, _ text: String, _ arguments: TemplateArgumentValues
  ) throws(TemplateProblem) -> Int {
    let part = try requiredText(try arguments.bound(to: "part", in: name)[0], name)
    if part.isEmpty {
      let count = text.unicodeScalars.count
      return name == "count" ? count + 1 : name == "rfind" ? count : 0
    }
    let parts = text.parts(separatedBy: part)
    if name == "count" { return parts.count - 1 }
    guard name == "rfind" else {
      guard parts.count > 1 || name == "find" else { throw TemplateProblem("the part is not in the text") }
      return parts.count > 1 ? parts[0].unicodeScalars.count : -1
    }
    // The last place may overlap the one before it.
    let (scalars, sought) = (Array(text.unicodeScalars), Array(part.unicodeScalars))
    guard sought.count <= scalars.count else { return -1 }
    return (0...(scalars.count - sought.count)).last { scalars[$0..<($0 + sought.count)].elementsEqual(sought) } ?? -1
  }

  private static func matches(_ text: String, _ part: String, atStart: Bool) -> Bool {
    atStart ? text.utf8.starts(with: part.utf8) : text.utf8.reversed().starts(with: part.utf8.reversed())
  }

  private static func requiredText(_ value: TemplateValue?, _ name: String) throws(TemplateProblem) -> String {
    guard let text = value?.string else {
      throw TemplateProblem("the method \"\(name)\" takes a text", got: value?.kind ?? "nothing")
    }
    return text
  }

  private static func optionalText(_ value: TemplateValue?, _ name: String) throws(TemplateProblem) -> String? {
    guard let value, !value.isNone else { return nil }
    return try requiredText(value, name)
  }
}

extension TemplateRun {
  func replaced(_ text: String, _ old: String, _ new: String, _ limit: Int?) throws(TemplateProblem) -> String {
    let places = old.isEmpty ? text.unicodeScalars.count + 1 : text.parts(separatedBy: old).count - 1
    let (growth, overflow) = places.multipliedReportingOverflow(by: new.utf8.count)
    try budget.text(overflow ? .max : text.utf8.count + growth)
    try budget.step(places)
    return text.replacing(old, with: new, limit: limit.flatMap { $0 < 0 ? nil : $0 })
  }

  func joined(_ parts: [String], separator: String) throws(TemplateProblem) -> String {
    try budget.text(parts.reduce(0) { $0 + $1.utf8.count } + parts.count * separator.utf8.count)
    return parts.joined(separator: separator)
  }
}
