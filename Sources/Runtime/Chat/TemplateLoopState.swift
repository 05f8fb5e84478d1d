/// A loop while it runs: what a template sees as `loop`.
final class TemplateLoopState {
  /// From 0; −1 before the first element.
  private(set) var index = -1
  private var previous: TemplateValue?
  private var current: TemplateValue?
  /// Elements that are known to be let through.
  private var ahead: ArraySlice<TemplateValue> = []
  private var rest: ArraySlice<TemplateValue>
  /// The loop's condition. It is asked as late as possible, since a body may change what it reads.
  private let passes: (TemplateValue) throws(TemplateProblem) -> Bool
  private var lastChanged: TemplateValue?

  init(_ elements: [TemplateValue], passes: @escaping (TemplateValue) throws(TemplateProblem) -> Bool) {
    rest = elements[...]
    self.passes = passes
  }

  func advance() throws(TemplateProblem) -> TemplateValue? {
    try lookAhead(1)
    guard let element = ahead.popFirst() else { return nil }
    (previous, current) = (current, element)
    index += 1
    return element
  }

  private func lookAhead(_ count: Int) throws(TemplateProblem) {
    while ahead.count < count, let element = rest.popFirst() {
      if try passes(element) { ahead.append(element) }
    }
  }

  private func length() throws(TemplateProblem) -> Int {
    try lookAhead(.max)
    return index + 1 + ahead.count
  }

  /// The value of `loop.NAME`; nil for a name that is not supported.
  func attribute(_ name: String) throws(TemplateProblem) -> TemplateValue? {
    switch name {
    case "index": return .int(index + 1)
    case "index0": return .int(index)
    case "first": return .bool(index == 0)
    case "last":
      try lookAhead(1)
      return .bool(ahead.isEmpty)
    case "length": return .int(try length())
    case "revindex": return .int(try length() - index)
    case "revindex0": return .int(try length() - index - 1)
    case "previtem": return previous ?? .undefined("there is no previous item")
    case "nextitem":
      try lookAhead(1)
      return ahead.first ?? .undefined("there is no next item")
    case "depth": return .int(1)
    case "depth0": return .int(0)
    case "cycle", "changed": return .callable(.loop(self, name))
    default: return nil
    }
  }

  /// Calls `loop.cycle` or `loop.changed`.
  func call(_ name: String, _ values: [TemplateValue]) throws(TemplateProblem) -> TemplateValue {
    if name == "cycle" {
      guard !values.isEmpty else { throw TemplateProblem("loop.cycle has nothing to choose from") }
      return values[index % values.count]
    }
    defer { lastChanged = .tuple(values) }
    return .bool(lastChanged.map { !$0.equals(.tuple(values)) } ?? true)
  }
}
