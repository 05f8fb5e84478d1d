import Format

/// A value of a template, with Python's meaning. Nothing but a namespace can be changed: transformers runs templates in
/// Jinja's immutable sandbox.
indirect enum TemplateValue {
  /// A name, attribute or item that is not there, and how an error about it begins.
  case undefined(String)
  case none
  case bool(Bool)
  case int(Int)
  case double(Double)
  case text(String)
  /// What the filter `safe` made: `+` escapes what is joined to it.
  case markup(String)
  case list([TemplateValue])
  case tuple([TemplateValue])
  case dict(TemplateDict)
  case view(TemplateView)
  case generator(TemplateGenerator)
  case namespace(TemplateNamespace)
  case loop(TemplateLoopState)
  case callable(TemplateCallable)
}

/// A dictionary in the order of its insertions.
struct TemplateDict {
  private(set) var members: [(key: TemplateValue, value: TemplateValue)] = []
  private var texts: [ByteString: Int] = [:]

  subscript(key: TemplateValue) -> TemplateValue? {
    get { index(of: key).map { members[$0].value } }
    set {
      guard let newValue else { return }
      if let index = index(of: key) {
        members[index].value = newValue
      } else {
        if let text = key.string { texts[ByteString(text)] = members.count }
        members.append((key, newValue))
      }
    }
  }

  private func index(of key: TemplateValue) -> Int? {
    if let text = key.string { return texts[ByteString(text)] }
    return members.firstIndex { $0.key.equals(key) }
  }

  subscript(key: String) -> TemplateValue? {
    get { self[.text(key)] }
    set { self[.text(key)] = newValue }
  }
}

/// What `keys()`, `values()`, `items()` and `range()` give.
struct TemplateView {
  enum Kind: String { case keys = "dict_keys", values = "dict_values", items = "dict_items", range }

  var kind: Kind
  var elements: [TemplateValue]
}

/// Values that can be gone through once.
final class TemplateGenerator {
  private var rest: ArraySlice<TemplateValue>

  init(_ elements: [TemplateValue]) { rest = elements[...] }

  func next() -> TemplateValue? { rest.popFirst() }

  func takeAll() -> [TemplateValue] {
    defer { rest = [] }
    return Array(rest)
  }
}

final class TemplateNamespace {
  var attributes: TemplateDict

  init(_ attributes: TemplateDict) { self.attributes = attributes }
}

/// What can be called.
enum TemplateCallable {
  case function(String)
  case method(TemplateValue, String)
  case macro(TemplateMacro)
  case loop(TemplateLoopState, String)
}

final class TemplateMacro {
  let syntax: TemplateMacroSyntax
  let scope: TemplateScope

  init(_ syntax: TemplateMacroSyntax, in scope: TemplateScope) { (self.syntax, self.scope) = (syntax, scope) }
}

/// Names and their values; a macro sees those of the scope that it stands in.
final class TemplateScope {
  var values: [String: TemplateValue] = [:]
  private let parent: TemplateScope?

  init(in parent: TemplateScope?) { self.parent = parent }

  subscript(name: String) -> TemplateValue? {
    var scope: TemplateScope? = self
    while let present = scope {
      if let value = present.values[name] { return value }
      scope = present.parent
    }
    return nil
  }
}

extension TemplateValue {
  init(_ json: JSONNode) {
    switch json {
    case .null: self = .none
    case .bool(let value): self = .bool(value)
    case .int(let value): self = .int(value)
    case .double(let value): self = .double(value)
    case .float(let value): self = .double(Double(value))
    case .number(let text): self = Int(text).map(TemplateValue.int) ?? .double(Double(text) ?? .nan)
    case .string(let text): self = .text(text)
    case .array(let elements): self = .list(elements.map(TemplateValue.init))
    case .object(let members):
      var dict = TemplateDict()
      for (key, value) in members { dict[key] = TemplateValue(value) }
      self = .dict(dict)
    }
  }

  /// The text of a text.
  var string: String? {
    switch self {
    case .text(let text), .markup(let text): text
    default: nil
    }
  }

  var isUndefined: Bool {
    if case .undefined = self { return true }
    return false
  }

  var isNone: Bool {
    if case .none = self { return true }
    return false
  }

  /// The integer that a number is where Python takes integers: also a truth value.
  var integer: Int? {
    switch self {
    case .int(let value): value
    case .bool(let value): value ? 1 : 0
    default: nil
    }
  }

  var number: Double? {
    if case .double(let value) = self { return value }
    return integer.map(Double.init)
  }

  /// Python's truth of a value.
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let value): value
    case .int(let value): value != 0
    case .double(let value): value != 0
    case .text(let text), .markup(let text): !text.isEmpty
    case .list(let elements), .tuple(let elements): !elements.isEmpty
    case .dict(let dict): !dict.members.isEmpty
    case .view(let view): !view.elements.isEmpty
    case .generator, .namespace, .loop, .callable: true
    }
  }

  /// The kind in Python's words, for errors.
  var kind: String {
    switch self {
    case .undefined: "an undefined value"
    case .none: "none"
    case .bool: "a boolean"
    case .int, .double: "a number"
    case .text, .markup: "a text"
    case .list: "a list"
    case .tuple: "a tuple"
    case .dict: "a dictionary"
    case .view(let view): view.kind == .range ? "a range" : "a view of a dictionary"
    case .generator: "a generator"
    case .namespace: "a namespace"
    case .loop: "a loop"
    case .callable: "a function"
    }
  }

  /// The elements that a loop goes through; a generator gives its up.
  func elements() throws(TemplateProblem) -> [TemplateValue] {
    switch self {
    case .undefined: return []
    case .text(let text), .markup(let text): return text.unicodeScalars.map { .text(String($0)) }
    case .list(let elements), .tuple(let elements): return elements
    case .dict(let dict): return dict.members.map(\.key)
    case .view(let view): return view.elements
    case .generator(let generator): return generator.takeAll()
    default: throw TemplateProblem("cannot be gone through", expected: "a sequence", got: kind)
    }
  }

  /// Python's `len`; nil where there is none.
  var length: Int? {
    switch self {
    case .undefined: 0
    case .text(let text), .markup(let text): text.unicodeScalars.count
    case .list(let elements), .tuple(let elements): elements.count
    case .dict(let dict): dict.members.count
    case .view(let view): view.elements.count
    default: nil
    }
  }

  /// Python's `==`.
  func equals(_ other: TemplateValue) -> Bool {
    switch (self, other) {
    case (.undefined, .undefined), (.none, .none): true
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      a.count == b.count && zip(a, b).allSatisfy { $0.equals($1) }
    case (.dict(let a), .dict(let b)):
      a.members.count == b.members.count
        && a.members.allSatisfy { member in b[member.key].map { member.value.equals($0) } ?? false }
    case (.view(let a), .view(let b)):
      a.kind == b.kind && a.elements.count == b.elements.count
        && zip(a.elements, b.elements).allSatisfy { $0.equals($1) }
    case (.generator(let a), .generator(let b)): a === b
    case (.namespace(let a), .namespace(let b)): a === b
    default:
      if let a = string, let b = other.string {
        a.utf8.elementsEqual(b.utf8)
      } else if let a = integer, let b = other.integer {
        a == b
      } else if let a = number, let b = other.number {
        a == b
      } else {
        false
      }
    }
  }

  /// Python's `<`.
  func precedes(_ other: TemplateValue) throws(TemplateProblem) -> Bool {
    if let a = string, let b = other.string { return a.utf8.lexicographicallyPrecedes(b.utf8) }
    if let a = integer, let b = other.integer { return a < b }
    if let a = number, let b = other.number { return a < b }
    switch (self, other) {
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      for (x, y) in zip(a, b) where !x.equals(y) { return try x.precedes(y) }
      return a.count < b.count
    default: throw TemplateProblem("cannot be ordered", got: "\(kind) and \(other.kind)")
    }
  }

  /// Python's `in`, with this as the container.
  func contains(_ value: TemplateValue) throws(TemplateProblem) -> Bool {
    switch self {
    case .text(let text), .markup(let text):
      guard let part = value.string else {
        throw TemplateProblem("cannot be in a text", expected: "a text", got: value.kind)
      }
      return part.isEmpty || text.firstRange(ofScalars: part) != nil
    case .dict(let dict): return dict[value] != nil
    default: return try elements().contains { $0.equals(value) }
    }
  }
}
