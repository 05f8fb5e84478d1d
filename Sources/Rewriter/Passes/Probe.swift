import Format
import Runtime

/// What the base model says and does on the prompts of one memory: pass 1.
struct Probe {
  /// Tokens compared when a prompt's continuation is judged unchanged.
  static let continuationCount = 5

  var spec: MemorySpec
  /// What should follow the key prompt: the whole target or its first token.
  let targetIDs: [Int]
  /// The key prompt first, then the other positives.
  let positives: [[Int]]
  let negatives: [[Int]]
  let heldOutPositives: [[Int]]
  let heldOutNegatives: [[Int]]
  /// Of all prompts: positives, negatives, held-out positives, held-out negatives.
  let base: Continuations

  var keyIDs: [Int] { positives[0] }
  var prompts: [[Int]] { positives + negatives + heldOutPositives + heldOutNegatives }

  /// - Throws: `FormatError` of kind `prompt` where a prompt is too long or empty, of kind `spec` where the target adds
  ///   no token or a pinned layer is not in the model.
  init(_ spec: MemorySpec, model: LanguageModel) throws(FormatError) {
    self.spec = spec
    if let layer = spec.layer.value, layer >= model.transformer.shape.layers {
      throw FormatError(
        .spec, "memory \(spec.name): layer", "the model has no such layer",
        expected: "0 to \(model.transformer.shape.layers - 1)", got: "\(layer)")
    }
    func encode(_ prompts: [String]) throws(FormatError) -> [[Int]] {
      var result: [[Int]] = []
      for prompt in prompts {
        do {
          result.append(try model.encode(prompt))
        } catch {
          throw FormatError(
            error.kind, "memory \(spec.name): prompt \"\(prompt.printable(limit: 60))\"", error.problem,
            expected: error.expected, got: error.got)
        }
      }
      return result
    }
    positives = try encode(spec.positivePrompts)
    negatives = try encode(spec.negatives)
    heldOutPositives = try encode(spec.heldOutPositives)
    heldOutNegatives = try encode(spec.heldOutNegatives)
    let target = Self.targetIDs(spec, key: positives[0], tokenizer: model.tokenizer)
    guard !target.isEmpty else {
      throw FormatError(
        .spec, "memory \(spec.name): target", "adds no token to the prompt",
        got: "\"\(spec.target.printable(limit: 60))\"")
    }
    targetIDs = spec.targetTokens == .first ? [target[0]] : target
    let all = positives + negatives + heldOutPositives + heldOutNegatives
    let room = model.transformer.shape.positions - targetIDs.count
    guard let longest = all.map(\.count).max(), longest <= room else {
      throw FormatError(
        .prompt, "memory \(spec.name)", "a prompt leaves no room for the target",
        expected: "at most \(room) tokens", got: "\(all.map(\.count).max() ?? 0)")
    }
    base = Continuations(
      of: all, count: max(Self.continuationCount, targetIDs.count), memories: .none(of: model.transformer),
      model: model)
  }

  /// The tokens that the target adds behind the prompt; where the two merge into other tokens at their seam, the
  /// target's own.
  private static func targetIDs(_ spec: MemorySpec, key: [Int], tokenizer: Tokenizer) -> [Int] {
    let whole = tokenizer.encode(spec.prompt + spec.target)
    if whole.starts(with: key) { return Array(whole.dropFirst(key.count)) }
    return tokenizer.encode(spec.target, addSpecialTokens: false, isStart: false)
  }

  /// The last token of the subject in the key prompt.
  func subjectToken(_ tokenizer: Tokenizer) -> Int? {
    spec.subject.flatMap { tokenizer.lastToken(of: $0, in: spec.prompt, ids: keyIDs) }
  }

  /// Whether the prompt's last token may become the memory's: it is asked for, there is no subject, or the prompts may
  /// turn out to need it.
  var mayUseLastToken: Bool {
    switch spec.keyToken {
    case .last: true
    case .auto: spec.subject == nil || positives.count + negatives.count > 1
    case .subject, .index: false
    }
  }

  /// All prompts that decide a boundary, with what should follow them.
  func forcedPrompts(_ transformer: Transformer) -> ForcedPrompts {
    let right = positives.map { (prompt: $0, expected: targetIDs, isPositive: true) }
    let wrong = negatives.enumerated().map { i, prompt in
      (prompt: prompt, expected: base.ids[positives.count + i], isPositive: false)
    }
    return ForcedPrompts(right + wrong.filter { !$0.expected.isEmpty }, transformer: transformer)
  }
}
