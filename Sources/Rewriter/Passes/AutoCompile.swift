import Format
import Runtime

/// The compiler's own method: a memory at the subject's last token where that does, at the prompt's last token where
/// positives and negatives ask for it, each with a key by least squares and a delta for several contexts at once.
struct AutoCompile {
  let probe: Probe
  let model: LanguageModel
  let surroundings: Surroundings
  /// Of the memory among those of `surroundings`.
  let index: Int
  /// The others about the same subject.
  let companions: [Companion]
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

  /// The best of the ways that the spec allows, and on what else it acts.
  func memory() throws(FormatError) -> CompiledMemory {
    var memory = try best()
    let (fired, count) = surroundings.firings(of: memory.rows[0], at: memory.address)
    memory.otherText = (fired, count)
    memory.reason += "; acts on \(fired) of \(count) tokens of other text"
    return memory
  }

  private func best() throws(FormatError) -> CompiledMemory {
    let prompts = probe.forcedPrompts(transformer)
    var best: (memory: CompiledMemory, key: Int, right: Int)?
    var considered: [[ConsideredPlace]] = []
    var chosen = 0
    func judge(_ memory: CompiledMemory) throws(FormatError) -> Bool {
      let holds = prompts.holds(
        [try memorySet(memory.rows + companionRows(at: memory.address), transformer)], at: memory.address,
        depth: probe.targetIDs.count)[0]
      clock.lap(.bound)
      let right = holds.count(where: \.self)
      let key = holds[0] ? 1 : 0
      considered.append(
        memory.considered.map { place in
          guard place.isChosen else { return place }
          var judged = place
          (judged.right, judged.of) = (right, holds.count)
          return judged
        })
      if best == nil || (key, right) > (best!.key, best!.right) {
        best = (memory, key, right)
        chosen = considered.count - 1
      }
      best!.memory.considered = considered.enumerated().flatMap { i, places in
        places.map { place in
          var place = place
          place.isChosen = place.isChosen && i == chosen
          return place
        }
      }
      return right == holds.count
    }
    func judgeFound() throws(FormatError) -> Bool {
      guard spec.subject == nil, spec.keyToken == .auto, let memory = try foundSubjectMemory(prompts) else {
        return false
      }
      return try judge(memory)
    }
    if spec.keyToken != .last, let memory = try subjectMemory(probe, prompts), try judge(memory) {
      return best!.memory
    }
    if spec.keyToken == .auto || spec.keyToken == .last {
      // Prompts that are listed tell more of the fact than one word.
      let isAlone = probe.positives.count + probe.negatives.count == 1
      if isAlone, try judgeFound() { return best!.memory }
      if try judge(try lastTokenMemory(prompts)) { return best!.memory }
      if !isAlone, try judgeFound() { return best!.memory }
      if try judge(try Compile(probe, model: model, clock: clock).memory()) { return best!.memory }
    }
    guard let best else {
      throw FormatError(.spec, "memory \(spec.name): token", "the prompt has no such token", got: "\(spec.token)")
    }
    return best.memory
  }

  /// Rows of companions that act at a site.
  private func companionRows(at address: SiteAddress) -> [MemoryRow] {
    companions.flatMap { $0.rows.filter { $0.module == transformer.module(address) } }
  }

  /// A memory at the words that turn out to be the subject.
  private func foundSubjectMemory(_ prompts: ForcedPrompts) throws(FormatError) -> CompiledMemory? {
    let found = SubjectSearch(probe: probe, model: model).subject(at: Self.subjectSite(transformer.shape))
    clock.lap(.locate)
    guard let found else { return nil }
    var named = probe
    named.spec.subject = found
    guard var memory = try subjectMemory(named, prompts) else { return nil }
    memory.reason = "\"\(found)\" looks like the subject; " + memory.reason
    return memory
  }

  private func subjectMemory(_ probe: Probe, _ prompts: ForcedPrompts) throws(FormatError) -> CompiledMemory? {
    guard
      let subject = SubjectContexts(
        probe, prompts, companions: companions, prefixes: surroundings.background.texts, model: model)
    else { return nil }
    let address = Self.subjectSite(transformer.shape)
    return try make(
      subject.contexts, at: [address], apart: subject.apart, lookalikes: subject.lookalikes(), prompts,
      own: [index] + companions.map(\.index),
      watching: { self.surroundings.watched[$0].subject })
  }

  private func lastTokenMemory(_ prompts: ForcedPrompts) throws(FormatError) -> CompiledMemory {
    let contexts = probe.positives.map { Context($0, token: $0.count - 1, target: probe.targetIDs) }.sharing(1)
    let negatives = prompts.items.filter { !$0.isPositive }
    // A positive that a negative begins with is acted on there too, and should not be noticed.
    let begun = negatives.flatMap { item in
      probe.positives.filter { item.ids.prefix(item.promptCount).starts(with: $0) }.map {
        Context(unchanged: item.ids, token: $0.count - 1, promptCount: item.promptCount)
      }
    }
    return try make(
      contexts + begun.sharing(SubjectContexts.negativeWeight), at: Self.lastSites(transformer.shape),
      apart: negatives, prompts, own: [index], watching: { self.surroundings.watched[$0].last })
  }

  /// A row at that of `addresses` where the key tells its contexts' tokens best from all others.
  private func make(
    _ contexts: [Context], at addresses: [SiteAddress], apart: [ForcedPrompts.Item],
    lookalikes: [(ids: [Int], token: Int)] = [], _ prompts: ForcedPrompts, own: [Int], watching: (Int) -> Int?
  ) throws(FormatError) -> CompiledMemory {
    let layers = Set(addresses.map(\.layer))
    let pass = ContextPass(contexts, layers: layers, transformer: transformer)
    let texts = Set(contexts.map { Array($0.ids[...$0.token]) })
    let similar = TextPass(lookalikes.map(\.ids), transformer: transformer)
    var best: (address: SiteAddress, key: LinearKey, region: Region)?
    var considered: [ConsideredPlace] = []
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
      keys.append(similar.activations(address, of: lookalikes.map(\.token)), pool: transformer.pool)
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
      considered.append(ConsideredPlace(address, token: contexts[0].token, region: region))
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
      MemoryRegion.strength(
        similarity: place.key.similarity(pass.activation($0, place.address)), boundary: boundary, hardness: hardness)
    }
    clock.lap(.key)
    let companions = companionRows(at: place.address)
    var descent = Descent(
      pass, strengths: strengths, offsets: pass.additions(of: companions, at: place.address), at: place.address)
    func row(_ descent: Descent) -> MemoryRow {
      MemoryRow(
        module: transformer.module(place.address), position: contexts[0].token, targetID: probe.targetIDs[0],
        alpha: descent.alpha, boundary: boundary, hardness: hardness, key: place.key.values, delta: descent.delta)
    }
    descent.descend()
    let atSubject = contexts[0].token != probe.keyIDs.count - 1
    if atSubject {
      try Once(probe: probe, model: model).refine(&descent) { descent throws(FormatError) in
        try memorySet(companions + [row(descent)], transformer)
      }
    }
    clock.lap(.delta)
    var counts = pass.counts
    counts.lookalikes = lookalikes.reduce(0) { $0 + $1.ids.count }
    let token: MemorySpec.Token =
      spec.token != .auto ? spec.token : !atSubject ? .last : spec.subject != nil ? .subject : .index(contexts[0].token)
    return CompiledMemory(
      spec: spec, targetIDs: probe.targetIDs, address: place.address, token: token, rows: [row(descent)],
      steps: [descent.steps],
      curve: [],
      trials: [],
      reason: "\(atSubject ? "the subject's" : "the prompt's") last token, key by least squares; "
        + place.region.description,
      considered: considered.map { candidate in
        var candidate = candidate
        candidate.isChosen = candidate.address == place.address
        return candidate
      }, contexts: counts)
  }
}
