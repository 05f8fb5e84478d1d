import Format
import Runtime

/// Pass 1: the base model's answers to the prompts of one memory.
struct Probe {
  var spec: MemorySpec
  /// The ids that should follow the key prompt: the whole target or its first token.
  let targetIDs: [Int]
  /// How the spec's prompts become texts.
  let style: PromptStyle
  /// The texts of the key prompt and of the target behind it.
  let prompt: String
  let target: String
  /// The key prompt first, then the other positives.
  let positives: [[Int]]
  let negatives: [[Int]]
  let heldOutPositives: [[Int]]
  let heldOutNegatives: [[Int]]
  /// Continuations by the base model of `prompts`.
  private(set) var base = Continuations()
  /// What the base model says behind key prompt and target; empty where no compiler asks for it.
  private(set) var after: [Int] = []

  var keyIDs: [Int] { positives[0] }
  /// Positives, negatives, held-out positives, held-out negatives.
  var prompts: [[Int]] { positives + negatives + heldOutPositives + heldOutNegatives }

  /// How many tokens of continuations are compared.
  var continuationCount: Int { max(Continuations.comparedCount, targetIDs.count) }

  /// The probes of several memories, asked at once.
  ///
  /// - Throws: `FormatError` as `init(encoding:model:)` does, and where the model's numbers are not finite.
  static func all(
    _ specs: [MemorySpec], model: LanguageModel, settings: CompilerSettings
  ) throws(FormatError) -> [Probe] {
    var probes: [Probe] = []
    for spec in specs { probes.append(try Probe(encoding: spec, model: model)) }
    _ = try ask(&probes, Array(probes.indices), model: model, settings: settings) { _, error throws(FormatError) in
      throw error
    }
    return probes
  }

  /// Asks the base model about some of several memories at once.
  ///
  /// - Parameters:
  ///   - chosen: the places of those that are asked about.
  ///   - others: further texts to be continued in the same run.
  ///   - seed: for what is drawn of them.
  ///   - progress: called with a number of texts that are done and the number of all.
  ///   - failed: called with the place of a memory on whose prompts the model's numbers are not finite.
  /// - Returns: the continuations of the others.
  static func ask(
    _ probes: inout [Probe], _ chosen: [Int], beside others: [Continuations.Request] = [], seed: UInt64 = 0,
    model: LanguageModel, settings: CompilerSettings, progress: (Int, Int) -> Void = { _, _ in },
    failed: (Int, FormatError) throws(FormatError) -> Void
  ) throws(FormatError) -> Continuations {
    let positions = model.transformer.shape.positions
    var requests = others
    for i in chosen { requests += probes[i].requests(positions: positions, settings: settings) }
    let answers = Continuations(requests, seed: seed, model: model) { progress($0, requests.count) }
    let wrong = answers.notFinite
    func check(_ range: Range<Int>) -> FormatError? {
      wrong.first(where: range.contains).map {
        model.numberProblem(behind: requests[$0].ids, memories: .none(of: model.transformer))
      }
    }
    if let error = check(0..<others.count) { throw error }
    var first = others.count
    for i in chosen {
      let count = probes[i].prompts.count
      let hasAfter = probes[i].afterCount(positions: positions, settings: settings) > 0
      let own = first..<(first + count + (hasAfter ? 1 : 0))
      probes[i].base = answers[first..<(first + count)]
      if hasAfter { probes[i].after = answers.ids[own.upperBound - 1] }
      first = own.upperBound
      if let error = check(own) { try failed(i, error) }
    }
    return answers[0..<others.count]
  }

  private func requests(positions: Int, settings: CompilerSettings) -> [Continuations.Request] {
    var requests = prompts.map { Continuations.Request(ids: $0, count: continuationCount, target: targetIDs[0]) }
    let count = afterCount(positions: positions, settings: settings)
    if count > 0 { requests.append(.init(ids: keyIDs + targetIDs, count: count)) }
    return requests
  }

  private func afterCount(positions: Int, settings: CompilerSettings) -> Int {
    spec.isOpen ? max(0, min(settings.afterLength, positions - keyIDs.count - targetIDs.count - 1)) : 0
  }

  /// The ids of a memory's prompts and target; the base model is not asked yet.
  ///
  /// - Throws: `FormatError` of kind `prompt` where a prompt is too long or empty, of kind `spec` where the target adds
  ///   no token or a pinned layer or site is not in the model.
  init(encoding spec: MemorySpec, model: LanguageModel) throws(FormatError) {
    self.spec = spec
    let shape = model.transformer.shape
    if let layer = spec.layer.value, layer >= shape.layers {
      throw FormatError(
        .spec, "memory \(spec.name): layer", "the model has no such layer",
        expected: "0 to \(shape.layers - 1)", got: "\(layer)")
    }
    if let site = spec.site.value {
      let layers = spec.layer.value.map { $0...$0 } ?? 0...(shape.layers - 1)
      guard layers.contains(where: { shape.has(SiteAddress(layer: $0, site: site)) }) else {
        throw FormatError(
          .spec, "memory \(spec.name): site",
          "a mixture of experts has no output projection that all tokens go through, and so no such site",
          expected: "attn", got: site.rawValue)
      }
    }
    style = try model.style(of: spec)
    positives = try Self.encode(spec.positivePrompts, of: spec, style, model)
    negatives = try Self.encode(spec.negatives, of: spec, style, model)
    heldOutPositives = try Self.encode(spec.heldOutPositives, of: spec, style, model)
    heldOutNegatives = try Self.encode(spec.heldOutNegatives, of: spec, style, model)
    prompt = try style.text(spec.prompt)
    target = try style.target(spec.target, behind: spec.prompt)
    targetIDs = try Self.targetIDs(
      spec, whole: style.encode(prompt + target, model.tokenizer), key: positives[0], alone: target, model.tokenizer)
    let (room, longest) = (shape.positions - targetIDs.count, prompts.map(\.count).max() ?? 0)
    guard longest <= room else {
      throw FormatError(
        .prompt, "memory \(spec.name)", "a prompt leaves no room for the target",
        expected: "at most \(room) tokens", got: "\(longest)")
    }
  }

  private static func encode(
    _ prompts: [String], of spec: MemorySpec, _ style: PromptStyle, _ model: LanguageModel
  ) throws(FormatError) -> [[Int]] {
    var result: [[Int]] = []
    for prompt in prompts {
      let location = "memory \(spec.name): prompt \"\(prompt.printable(limit: 60))\""
      result.append(try style.encode(prompt: prompt, model, location: location))
    }
    return result
  }

  /// The tokens that the target adds behind the prompt; where the two merge into other tokens at their seam, the
  /// target's own.
  private static func targetIDs(
    _ spec: MemorySpec, whole: [Int], key: [Int], alone target: String, _ tokenizer: Tokenizer
  ) throws(FormatError) -> [Int] {
    let ids =
      whole.starts(with: key)
      ? Array(whole.dropFirst(key.count)) : tokenizer.encode(target, addSpecialTokens: false, isStart: false)
    guard let first = ids.first else {
      throw FormatError(
        .spec, "memory \(spec.name): target", "adds no token to the prompt",
        got: "\"\(spec.target.printable(limit: 60))\"")
    }
    return spec.targetTokens == .first ? [first] : ids
  }

  /// The last token of the subject in the key prompt.
  func subjectToken(_ tokenizer: Tokenizer) -> Int? {
    spec.subject.flatMap { tokenizer.lastToken(of: $0, in: prompt, ids: keyIDs) }
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
