/// What a template may use: it comes with the model's file and may be hostile.
struct TemplateBudget {
  /// Evaluations, elements and quarters of the bytes of texts that were made or read.
  private var steps = 0
  private(set) var depth = 0
  /// Bytes written so far.
  private var written = 0

  private static let stepLimit = 4_000_000
  /// Bytes of the result, and of any text in between.
  private static let textLimit = 16 << 20
  /// Statements, expressions and calls inside each other.
  private static let depthLimit = 400
  /// Lists and dictionaries inside each other.
  private static let nestingLimit = 64

  mutating func step(_ count: Int = 1) throws(TemplateProblem) {
    steps += count
    guard steps <= Self.stepLimit else {
      throw TemplateProblem("does not end", expected: "at most \(Self.stepLimit) steps")
    }
  }

  /// Counts a text of `bytes`, before it is made.
  mutating func text(_ bytes: Int) throws(TemplateProblem) {
    guard bytes <= Self.textLimit else {
      throw TemplateProblem("makes too long a text", expected: "at most \(Self.textLimit) bytes")
    }
    try step(bytes / 4)
  }

  mutating func write(_ bytes: Int) throws(TemplateProblem) {
    written += bytes
    try text(written > Self.textLimit ? written : bytes)
  }

  mutating func descend() throws(TemplateProblem) {
    depth += 1
    guard depth <= Self.depthLimit else {
      throw TemplateProblem(
        "calls itself too often or is nested too deeply", expected: "at most \(Self.depthLimit) levels")
    }
  }

  mutating func ascend() { depth -= 1 }

  /// Counts a value that is put into a list, a dictionary or a namespace.
  mutating func nest(_ value: TemplateValue, level: Int = 1) throws(TemplateProblem) {
    try step()
    guard level <= Self.nestingLimit else {
      throw TemplateProblem("nests values too deeply", expected: "at most \(Self.nestingLimit) levels")
    }
    switch value {
    case .list(let elements), .tuple(let elements):
      for element in elements { try nest(element, level: level + 1) }
    case .view(let view): for element in view.elements { try nest(element, level: level + 1) }
    case .dict(let dict): for member in dict.members { try nest(member.value, level: level + 1) }
    case .namespace(let namespace):
      for member in namespace.attributes.members { try nest(member.value, level: level + 1) }
    case .callable(.method(let receiver, _)): try nest(receiver, level: level + 1)
    case .generator, .loop, .callable:
      throw TemplateProblem("cannot be kept in a list, a dictionary or a namespace", got: value.kind)
    default: break
    }
  }
}
