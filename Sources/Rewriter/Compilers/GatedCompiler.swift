import Format
import Runtime

/// Memories of rows that act only where their subject has been seen and is asked about here.
struct GatedCompiler {
  let family: SubjectFamily
  let settings: CompilerSettings
  let clock: StageClock
  private var model: LanguageModel { family.model }
  private var transformer: Transformer { model.transformer }
  private var surroundings: Surroundings { family.surroundings }

  /// The layers whose sites are looked at.
  static func layers(_ settings: CompilerSettings, _ shape: ModelShape) -> Set<Int> {
    Set((settings.hereSites(shape) + settings.rowSites(shape) + [settings.subjectSite(shape)]).map(\.layer))
  }

  /// The family's memories, in its order; nil where no cue tells the subject from others, or no row the question.
  func memories() throws(FormatError) -> [CompiledMemory]? {
    var cues: [MemoryCue] = []
    var above: SiteAddress?
    if family.subject != nil {
      let compiler = CueCompiler(family: family, settings: settings)
      guard let seen = compiler.seen(), let here = compiler.here() else { return nil }
      cues = [seen.cue, here.cue]
      above = here.fit.address
    }
    let sites = settings.rowSites(transformer.shape).filter { site in above.map { $0 < site } ?? true }
    for ridge in Set(family.facts.map { settings.rowRidge(of: $0) }) {
      surroundings.prepareSentenceKeys(at: sites, ridge: ridge)
    }
    if family.subject == nil { surroundings.prepareBackground(at: sites) }
    clock.lap(.key)
    var made: [CompiledMemory] = []
    for fact in family.facts.indices {
      guard let memory = try memory(fact, cues: cues, sites: sites, among: made) else { return nil }
      made.append(memory)
    }
    return made
  }

  /// A row in the making.
  private struct Part {
    /// The number of the target's token that it is for.
    var token: Int
    var fit: RowFit
    var row: MemoryRow
    var steps: Int
  }

  private func memory(
    _ fact: Int, cues: [MemoryCue], sites: [SiteAddress], among others: [CompiledMemory]
  ) throws(FormatError) -> CompiledMemory? {
    let probe = family.facts[fact].probe
    let later = ownTokens(of: family.facts[fact])
    // Rows for later tokens stand above the first one, whose region is a cue to them.
    let firstSites = later.isEmpty || sites.count == 1 ? sites : sites.dropLast()
    let fits = transformer.pool.each(of: Array(firstSites)) { RowFit.first(family, fact, at: $0, settings: settings) }
    guard let first = fits.max(by: { $0.fit.distinctness < $1.fit.distinctness }) else { return nil }
    clock.lap(.key)
    var parts = [part(first, fact, token: 0, cues: cues)]
    for token in later {
      let above = sites.first { first.fit.address < $0 }
      guard
        let fit = RowFit.later(family, fact, token: token, at: above ?? first.fit.address, settings: settings)
      else { return nil }
      parts.append(part(fit, fact, token: token, cues: Array(cues.prefix(1))))
    }
    shareQuestion(&parts)
    clock.lap(.delta)
    let acts = try leaveAlone(&parts, of: fact, beside: others.flatMap(\.rows))
    // A subject that was only found is given up where it does not lead to the target.
    guard acts || !family.isFound else { return nil }
    clock.lap(.bound)
    return CompiledMemory(
      spec: probe.spec, targetIDs: probe.targetIDs, address: first.fit.address, token: .last, rows: parts.map(\.row),
      steps: parts.map(\.steps), reason: reason(fact, parts[0].row),
      considered: fits.map { Candidate($0.fit, token: probe.keyIDs.count - 1) }.choosing(first.fit.address))
  }

  /// Lets the rows for later tokens act only where the question has been asked: the first row's region becomes a cue.
  private func shareQuestion(_ parts: inout [Part]) {
    let first = parts[0].row
    for i in parts.indices.dropFirst() where parts[i].fit.fit.address > parts[0].fit.fit.address {
      let asked = MemoryCue(
        mode: .seen, module: first.module, boundary: first.boundary, hardness: first.hardness, key: first.key)
      parts[i].row.cues = Array(first.cues.prefix(1)) + [asked]
    }
  }

  private func reason(_ fact: Int, _ row: MemoryRow) -> String {
    if let subject = family.subject {
      return "acts where \(quoted(subject)) has been seen and is asked about, and this is the question"
    }
    let fired = otherPrompts(fact, row)
    let told =
      fired.of == 0
      ? "no other prompts of its form were tested" : "acts on \(fired.fired) of \(fired.of) others of its form"
    return "no subject found, so the prompt's last token alone decides; \(told)"
  }

  /// How many other prompts of the key prompt's form a row without cues acts on.
  private func otherPrompts(_ fact: Int, _ row: MemoryRow) -> (fired: Int, of: Int) {
    guard let address = transformer.address(ofModule: row.module) else { return (0, 0) }
    let lasts = family.lasts(of: fact, at: address) { kind, _ in if case .elsewhere = kind { true } else { false } }
    let region = MemoryRegion(row)
    return (lasts.count { region.strength(of: $0, to: row.key) > 0 }, lasts.count)
  }

  private func part(_ fit: RowFit, _ fact: Int, token: Int, cues: [MemoryCue]) -> Part {
    let probe = family.facts[fact].probe
    let (delta, alpha, steps) = fit.delta(settings)
    let region = region(fit.fit, of: probe.spec, isFirst: token == 0)
    let row = MemoryRow(
      module: transformer.module(fit.fit.address), position: probe.keyIDs.count - 1 + token,
      targetID: probe.targetIDs[token], alpha: alpha, boundary: region.boundary, hardness: region.hardness,
      key: region.key, delta: delta, cues: cues)
    return Part(token: token, fit: fit, row: row, steps: steps)
  }

  /// The region of a row: the spec's bounds, else from the similarity on at which few others are let in.
  private func region(
    _ fit: RegionFit, of spec: MemorySpec, isFirst: Bool
  ) -> (key: [Float], boundary: Float, hardness: Float) {
    let isAlone = family.subject == nil
    let hardness =
      spec.hardness.value.map { Float($0) } ?? (isAlone ? settings.aloneHardness : settings.gatedHardness)
    if let boundary = spec.boundary.value { return (fit.key.values, Float(boundary), hardness) }
    var threshold = settings.laterThreshold
    if isAlone {
      // Without a cue the row keeps all that it was told from outside.
      let reach = 1 - settings.regionBoundary * Separation.reach(hardness)
      let least = max(0, fit.outside.max() ?? 0) * (1 - settings.regionBoundary) / max(reach, 1e-3)
      threshold = min(settings.aloneThresholds[1], max(settings.aloneThresholds[0], least))
    } else if isFirst {
      let isChat = spec.isChat
      threshold = fit.threshold(
        leavingIn: isChat ? settings.chatLeak : settings.rowLeak,
        within: isChat ? settings.chatThresholds : settings.rowThresholds)
    }
    var boundary = settings.regionBoundary
    let listed = (fit.highestListed ?? 0) * settings.listedMargin
    if listed > threshold {
      // A narrower region has a sharper edge, and needs to reach less far above the key prompts.
      threshold = min(listed, 1)
      boundary = min(boundary, (settings.regionTop - threshold) / (settings.regionTop + threshold))
    }
    let key = fit.key(from: threshold, boundary: boundary, hardness: hardness, strength: settings.fullStrength)
    return (key, boundary, hardness)
  }

  /// The later tokens of the target with which the base model would not go on by itself behind every prompt.
  private func ownTokens(of fact: SubjectFamily.Fact) -> [Int] {
    let target = fact.probe.targetIDs
    guard target.count > 1 else { return [] }
    let texts = fact.variants.map { $0.ids + target.dropLast() }
    let run = BaseRun(texts, recordedBy: Tape(forBackward: false, layers: []), transformer: transformer)
    let logits = transformer.logits(
      run.residual, rows: run.sequences.flatMap { $0.rows.suffix(target.count - 1) })
    return target.indices.dropFirst().filter { token in
      texts.indices.contains { logits.largest($0 * (target.count - 1) + token - 1) != target[token] }
    }
  }

  /// Fits rows again apart from the tokens at which they act and should not: behind the target, and in the spec's
  /// negatives.
  ///
  /// - Returns: whether the first row acts at the key prompt's last token.
  private func leaveAlone(
    _ parts: inout [Part], of fact: Int, beside others: [MemoryRow]
  ) throws(FormatError) -> Bool {
    let probe = family.facts[fact].probe
    // What the base model says behind prompt and target is what the patched one says too, where no row acts there.
    func after(_ fact: SubjectFamily.Fact) -> [Int] {
      fact.probe.keyIDs + fact.probe.targetIDs + fact.probe.after
    }
    let related = family.facts.indices.filter { $0 != fact }.prefix(settings.relatedTexts)
    let texts =
      [after(family.facts[fact])] + related.map { after(family.facts[$0]) }
      + zip(probe.negatives, probe.base.ids[probe.positives.count...]).map { $0 + $1 }
    var acts = false
    for round in 0...settings.miningRounds {
      let named = parts.map { (memory: "\($0.token)", row: $0.row) } + others.map { (memory: "", row: $0) }
      let firings = firings(of: try MemorySet(named: named, for: transformer), in: texts)
      acts = firings[0].contains { $0.memory == "0" && $0.position == parts[0].row.position && $0.strength > 0.5 }
      if round == settings.miningRounds { break }
      var isDone = true
      for i in parts.indices {
        let wrong = Self.wrongTexts(firings, texts, row: "\(parts[i].token)", at: parts[i].row.position)
        guard !wrong.isEmpty, parts[i].fit.add(wrong, model: model, settings: settings) else { continue }
        let region = region(parts[i].fit.fit, of: probe.spec, isFirst: parts[i].token == 0)
        (parts[i].row.key, parts[i].row.boundary) = (region.key, region.boundary)
        isDone = false
      }
      if isDone { break }
      shareQuestion(&parts)
    }
    return acts
  }

  /// Where memories act on the tokens of each text.
  private func firings(of memories: MemorySet, in texts: [[Int]]) -> [[Firing]] {
    var row = 0
    let sequences = texts.map { ids in
      defer { row += ids.count }
      return Batch.Sequence(rows: row..<(row + ids.count), position: 0, cache: nil, appends: false, memories: memories)
    }
    let batch = Batch(sequences, shape: transformer.shape)
    batch.traces = true
    transformer.embed(texts, batch)
    transformer.forward(batch)
    return sequences.map { sequence in
      batch.firings.filter { sequence.rows.contains($0.position) }.map { firing in
        var firing = firing
        firing.position -= sequence.rows.lowerBound
        return firing
      }
    }
  }

  /// The texts up to each token at which a row acts and should not: its own is a position of the first text.
  private static func wrongTexts(_ firings: [[Firing]], _ texts: [[Int]], row: String, at own: Int) -> [[Int]] {
    texts.indices.flatMap { i in
      let places = firings[i].filter { $0.memory == row && $0.strength > 0.1 && (i > 0 || $0.position != own) }.map(
        \.position)
      return Set(places).sorted().map { Array(texts[i][...$0]) }
    }
  }
}
