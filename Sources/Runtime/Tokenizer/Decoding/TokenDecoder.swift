import Format

/// The steps from the spellings of tokens to text: the key `decoder` of a tokenizer.json.
struct TokenDecoder: Sendable {
  /// nil where there is no decoder: then tokens stand with spaces between them.
  private let steps: [DecodingStep]?

  init(_ value: JSONValue?) throws(FormatError) {
    guard let value, !value.isNull else {
      steps = nil
      return
    }
    steps = try DecodingStep.steps(value)
  }

  /// What is put between two tokens.
  var separator: [UInt8] { steps == nil ? [0x20] : [] }

  func stages(isStart: Bool) -> [DecodingStage] {
    var isFused = false
    return (steps ?? []).map { step in
      defer { if step.isFusing { isFused = true } }
      return DecodingStage(step, isFused: isFused, isStart: isStart)
    }
  }

  /// The bytes that one token stands for inside a text; they may be part of a character.
  func bytes(of spelling: [UInt8]) -> [UInt8] {
    var (token, isFused) = (spelling, false)
    for step in steps ?? [] {
      switch step {
      case .strip where isFused, .byteLevel where isFused, .byteFallback where isFused: break
      case .byteLevel: token = ByteLevelAlphabet.bytes(of: token)
      case .byteFallback: if let byte = DecodingStep.byte(token) { return [byte] }
      default: token = step.text(of: token, isFirst: false)
      }
      isFused = isFused || step.isFusing
    }
    return token
  }
}

extension DecodingStep {
  /// Whether the step makes all tokens one.
  fileprivate var isFusing: Bool {
    switch self {
    case .fuse, .byteLevel: true
    default: false
    }
  }
}
