import Format
import Runtime

/// The compiler's own method: a memory at the subject's last token where that does, at the prompt's last token where
/// positives and negatives ask for it, each with a key by least squares and a delta for several contexts at once.
struct AutoCompile {
  let probe: Probe
  let model: LanguageModel
  let surroundings: Surroundings
  /// Of the memory among those of `surroundings`, and of the others about the same subject.
  let index: Int
  let sameSubject: [Int]
  let clock: PassClock
  private var spec: MemorySpec { probe.spec }
  private var transformer: Transformer { model.transformer }

  /// The site where subjects are read best, and those of last tokens: shares of the model's depth that were measured on
  /// CounterFact with SmolLM2-135M.
  static func subjectSite(_ shape: ModelShape) -> SiteAddress {
    SiteAddress(layer: shape.layers * 3 / 10, site: .mlp)
  }
  static func lastSites(_ shape: ModelShape) -> [SiteAddress] {
    Set([0.6, 0.7, 0.8].map { Int($0 * Double(shape.layers)) }).sorted().map { SiteAddress(layer: $0, site: .mlp) }
  }

  /// How many times a token that the key should take in counts, where all do not fit into the width of the site.
  private static let positiveWeight: Float = 50
  private static let prefixCount = 4
  private static let prefixLength = 10
  /// What leaving other prompts about the subject alone weighs against saying the target.
  private static let unchangedWeight: Float = 0.5
  /// What the spec's negatives weigh on which the memory acts all the same.
  private static let negativeWeight: Float = 2
  /// What going on as the base model would behind the target weighs.
  private static let behindWeight: Float = 0.3

  /// The best of the ways that the spec allows, and on what else it acts.
  func memory() throws(FormatError) -> CompiledMemory {
    var memory = try best()
    let (fired, count) = surroundings.firings(of: memory.rows[0], at: memory.address)
    memory.reason += "; acts on \(fired) of \(count) tokens of other text"
    return memory
  }

  private func best() throws(FormatError) -> CompiledMemory {
    let prompts = probe.forcedPrompts(transformer)
    var best: (memory: CompiledMemory, key: Int, right: Int)?
    func judge(_ memory: CompiledMemory) throws(FormatError) -> Bool {
      let holds = prompts.holds(
        [try memorySet(memory.rows, transformer)], at: memory.address, depth: probe.targetIDs.count)[0]
      clock.lap(.bound)
      let right = holds.count(where: \.self)
      let key = holds[0] ? 1 : 0
      if best == nil || (key, right) > (best!.key, best!.right) { best = (memory, key, right) }
      return right == holds.count
    }
    if spec.keyToken != .last, let memory = subjectMemory(prompts), try judge(memory) { return memory }
    if spec.keyToken == .auto || spec.keyToken == .last {
      if try judge(lastTokenMemory(prompts)) { return best!.memory }
      if try judge(try Compile(probe, model: model, clock: clock).memory()) { return best!.memory }
    }
    guard let best else {
      throw FormatError(.spec, "memory \(spec.name): token", "the prompt has no such token", got: "\(spec.token)")
    }
    return best.memory
  }

  // MARK: - At the subject

  private func subjectMemory(_ prompts: ForcedPrompts) -> CompiledMemory? {
    let tokenizer = model.tokenizer
    func token(_ text: String, _ ids: [Int]) -> Int? {
      if case .index(let i) = spec.token {
        guard ids == probe.keyIDs else { return nil }
        let token = i < 0 ? ids.count + i : i
        return ids.indices.contains(token) ? token : nil
      }
      return spec.subject.flatMap { tokenizer.lastToken(of: $0, in: text, ids: ids) }
    }
    guard let own = token(spec.prompt, probe.keyIDs) else { return nil }

    var contexts: [Context] = [positive(probe.keyIDs, token: own)]
    let spaced = tokenizer.encode(" " + spec.prompt, addSpecialTokens: false)
    // Behind a text the first word may be cut otherwise.
    let moved =
      spec.subject.map { tokenizer.lastToken(of: $0, in: " " + spec.prompt, ids: spaced) }
      ?? (spaced.count - (probe.keyIDs.count - own))
    if let moved, moved >= 0 {
      for prefix in prefixes() { contexts.append(positive(prefix + spaced, token: prefix.count + moved)) }
    }
    for (text, ids) in zip(spec.positivePrompts, probe.positives).dropFirst() {
      if let token = token(text, ids) { contexts.append(positive(ids, token: token)) }
    }
    share(&contexts, weight: 1)
    var others: [Context] = []
    if let subject = spec.subject {
      for template in SubjectTemplates.all {
        let text = SubjectTemplates.filled(template, with: subject)
        let ids = tokenizer.encode(text)
        guard ids.count < transformer.shape.positions, let token = token(text, ids) else { continue }
        others.append(
          Context(
            ids: ids, token: token, terms: [.init(position: ids.count - 1, goal: .unchanged, weight: 1)]))
      }
    }
    share(&others, weight: Self.unchangedWeight)
    var apart: [ForcedPrompts.Item] = []
    var negatives: [Context] = []
    for item in prompts.items where !item.isPositive {
      let ids = Array(item.ids.prefix(item.promptCount))
      let text = probe.negatives.firstIndex(of: ids).map { spec.negatives[$0] } ?? ""
      if let token = token(text, ids) {
        negatives.append(unchanged(item, token: token))
      } else {
        apart.append(item)
      }
    }
    share(&negatives, weight: Self.negativeWeight)
    let address = Self.subjectSite(transformer.shape)
    return make(
      contexts + others + negatives, at: [address], apart: apart, prompts,
      own: [index] + sameSubject, watching: { self.surroundings.watched[$0].subject })
  }

  /// Texts to stand before the prompt.
  private func prefixes() -> [[Int]] {
    let room = transformer.shape.positions - probe.keyIDs.count - probe.targetIDs.count - Self.prefixLength - 2
    guard room > 0 else { return [] }
    if let given = spec.prefixes.value {
      return given.map { model.tokenizer.encode($0) }.filter { !$0.isEmpty && $0.count <= room }
    }
    let stop = model.tokenizer.encode(".", addSpecialTokens: false)
    return surroundings.background.texts.prefix(Self.prefixCount).map { $0.prefix(Self.prefixLength) + stop }
  }

  // MARK: - At the last token

  private func lastTokenMemory(_ prompts: ForcedPrompts) -> CompiledMemory {
    var contexts = probe.positives.map { positive($0, token: $0.count - 1) }
    share(&contexts, weight: 1)
    let negatives = prompts.items.filter { !$0.isPositive }
    // A positive that a negative begins with is acted on there too, and should not be noticed.
    var begun: [Context] = []
    for item in negatives {
      for positive in probe.positives where item.ids.prefix(item.promptCount).starts(with: positive) {
        begun.append(unchanged(item, token: positive.count - 1))
      }
    }
    share(&begun, weight: Self.negativeWeight)
    return make(
      contexts + begun, at: Self.lastSites(transformer.shape), apart: negatives, prompts, own: [index],
      watching: { self.surroundings.watched[$0].last })
  }

  // MARK: - Both

  /// A context that the target should follow, and behind it what the base model would go on with.
  private func positive(_ ids: [Int], token: Int) -> Context {
    let target = probe.targetIDs
    var terms = target.enumerated().map {
      Context.Term(position: ids.count - 1 + $0, goal: .token($1), weight: 1)
    }
    terms.append(.init(position: ids.count - 1 + target.count, goal: .unchanged, weight: Self.behindWeight))
    return Context(ids: ids + target, token: token, terms: terms, isPositive: true)
  }

  /// A context that goes on as in the base model though the memory acts on one of its tokens.
  private func unchanged(_ item: ForcedPrompts.Item, token: Int) -> Context {
    let terms = (item.promptCount - 1..<item.ids.count).map {
      Context.Term(position: $0, goal: .unchanged, weight: 1)
    }
    return Context(ids: item.ids, token: token, terms: terms)
  }

  /// Divides a weight among contexts.
  private func share(_ contexts: inout [Context], weight: Float) {
    let part = weight / Float(max(1, contexts.count))
    for i in contexts.indices {
      for j in contexts[i].terms.indices { contexts[i].terms[j].weight *= part }
    }
  }

  /// A row at that of `addresses` where the key tells its contexts' tokens best from all others.
  private func make(
    _ contexts: [Context], at addresses: [SiteAddress], apart: [ForcedPrompts.Item], _ prompts: ForcedPrompts,
    own: [Int], watching: (Int) -> Int?
  ) -> CompiledMemory {
    let layers = Set(addresses.map(\.layer))
    let pass = ContextPass(contexts, layers: layers, transformer: transformer)
    let texts = Set(contexts.map { Array($0.ids[...$0.token]) })
    var best: (address: SiteAddress, key: LinearKey, region: Region)?
    for address in addresses {
      var keys = surroundings.keys(at: address)
      let (ownRows, rest) = pass.activations(address)
      let ownSamples = keys.count..<(keys.count + ownRows.rows)
      let positives = own.compactMap(watching) + ownSamples
      // The key prompt's token is among the surroundings' samples too, so that it cannot be left out of the fit.
      let judged = Array(ownSamples.dropFirst())
      let fits = keys.count + ownRows.rows + rest.rows < rest.width
      keys.append(ownRows, weight: fits ? 1 : Self.positiveWeight, pool: transformer.pool)
      keys.append(rest, pool: transformer.pool)
      let others = prompts.activations(of: apart, address, excluding: texts)
      keys.append(others, pool: transformer.pool)
      var (key, leftOut) = keys.solve(positives: positives, judged: judged)
      let fitted = contexts.indices.map { key.similarity(pass.activation($0, address)) }
      let mean = fitted.reduce(0, +) / Float(fitted.count)
      guard mean > 0.05, mean.isFinite else { continue }
      key.calibrate(mean: mean)
      let region = Region(
        positives: fitted.map { $0 / mean }, others: (0..<others.rows).map { key.similarity(others.row($0)) },
        leftOut: leftOut.map { $0 / mean })
      if best == nil || region.isClearer(than: best!.region) { best = (address, key, region) }
    }
    let place =
      best ?? (
        addresses[0], LinearKey(direction: pass.activation(0, addresses[0])),
        Region(positives: [], others: [], leftOut: [])
      )
    let boundary = spec.boundary.value.map { Float($0) } ?? place.region.boundary
    let hardness = Float(spec.hardness.value ?? 8)
    let strengths = contexts.indices.map {
      MemoryBlock.strength(
        similarity: place.key.similarity(pass.activation($0, place.address)), boundary: boundary, hardness: hardness)
    }
    clock.lap(.key)
    let descent = Descent(pass, strengths: strengths, at: place.address)
    clock.lap(.delta)
    let row = MemoryRow(
      module: transformer.module(place.address), position: contexts[0].token, targetID: probe.targetIDs[0],
      alpha: descent.alpha, boundary: boundary, hardness: hardness, key: place.key.values, delta: descent.delta)
    let atSubject = contexts[0].token != probe.keyIDs.count - 1
    return CompiledMemory(
      spec: spec, targetIDs: probe.targetIDs, address: place.address, rows: [row], steps: [descent.steps], curve: [],
      trials: [],
      reason: "\(atSubject ? "the subject's" : "the prompt's") last token, key by least squares; "
        + place.region.description)
  }
}
