import Format
import Runtime

/// Memories of rows that act only where their subject has been seen and is asked about here.
struct GatedCompiler {
  let family: SubjectFamily
  let settings: CompilerSettings
  private var model: LanguageModel { family.model }
  private var transformer: Transformer { model.transformer }
  private var surroundings: Surroundings { family.surroundings }

  /// The sites that are looked at.
  static func sites(_ settings: CompilerSettings, _ shape: ModelShape) -> Set<SiteAddress> {
    Set(settings.hereSites(shape) + settings.rowSites(shape) + [settings.subjectSite(shape)])
  }

  /// One fact with the keys of its rows, and the deltas that are still to be found.
  struct Draft {
    fileprivate let cues: [MemoryCue]
    fileprivate let fits: [RegionFit]
    /// By row, the first one's first.
    fileprivate let rows: [(token: Int, fit: RowFit)]
    var descents: [Descent]
  }

  /// A row in the making.
  private struct Part {
    /// The number of the target's token that it is for.
    var token: Int
    var fit: RowFit
    var row: MemoryRow
  }

  /// A draft of each fact; nil where no cue tells the subject from others, or no row the question.
  func drafts() -> [Draft]? {
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
    var drafts: [Draft] = []
    for fact in family.facts.indices {
      guard let draft = draft(fact, cues: cues, sites: sites) else { return nil }
      drafts.append(draft)
    }
    return drafts
  }

  private func draft(_ fact: Int, cues: [MemoryCue], sites: [SiteAddress]) -> Draft? {
    let later = ownTokens(of: family.facts[fact])
    // Rows for later tokens stand above the first one, whose region is a cue to them.
    let firstSites = later.isEmpty || sites.count == 1 ? sites : sites.dropLast()
    let fits = transformer.pool.each(of: Array(firstSites)) { RowFit.first(family, fact, at: $0, settings: settings) }
    guard let first = fits.max(by: { $0.fit.distinctness < $1.fit.distinctness }) else { return nil }
    var rows = [(token: 0, fit: first)]
    for token in later {
      let above = sites.first { first.fit.address < $0 }
      guard
        let fit = RowFit.later(family, fact, token: token, at: above ?? first.fit.address, settings: settings)
      else { return nil }
      rows.append((token: token, fit: fit))
    }
    return Draft(
      cues: cues, fits: fits.map(\.fit), rows: rows, descents: rows.map { $0.fit.descent(settings) })
  }

  /// The family's memories from the drafts, whose deltas have been found; nil where they do not lead to the target.
  func memories(_ drafts: [Draft]) throws(FormatError) -> [CompiledMemory]? {
    var made: [CompiledMemory] = []
    for (fact, draft) in drafts.enumerated() {
      guard let memory = try memory(fact, draft, among: made) else { return nil }
      made.append(memory)
    }
    return made
  }

  private func memory(
    _ fact: Int, _ draft: Draft, among others: [CompiledMemory]
  ) throws(FormatError) -> CompiledMemory? {
    let probe = family.facts[fact].probe
    var parts = zip(draft.rows, draft.descents).map { row, descent in
      part(
        row.fit, fact, token: row.token, cues: row.token == 0 ? draft.cues : Array(draft.cues.prefix(1)), descent)
    }
    shareQuestion(&parts)
    let acts = try leaveAlone(&parts, of: fact, beside: others.flatMap(\.rows))
    // A subject that was only found is given up where it does not lead to the target.
    guard acts || !family.isFound else { return nil }
    let address = parts[0].fit.fit.address
    return CompiledMemory(
      spec: probe.spec, targetIDs: probe.targetIDs, address: address, token: .last, rows: parts.map(\.row),
      steps: draft.descents.map(\.steps), reason: reason(fact, parts[0].row),
      considered: draft.fits.map { Candidate($0, token: probe.keyIDs.count - 1) }.choosing(address))
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

  private func part(_ fit: RowFit, _ fact: Int, token: Int, cues: [MemoryCue], _ descent: Descent) -> Part {
    let probe = family.facts[fact].probe
    let region = region(fit.fit, of: probe.spec, isFirst: token == 0)
    let row = MemoryRow(
      module: transformer.module(fit.fit.address), position: probe.keyIDs.count - 1 + token,
      targetID: probe.targetIDs[token], alpha: descent.alpha, boundary: region.boundary, hardness: region.hardness,
      key: region.key, delta: descent.delta, cues: cues)
    return Part(token: token, fit: fit, row: row)
  }

  /// The region of a row: the spec's bounds, else from the similarity on at which few others are let in.
  private func region(
    _ fit: RegionFit, of spec: MemorySpec, isFirst: Bool
  ) -> (key: [Float], boundary: Float, hardness: Float) {
    let isAlone = family.subject == nil
    let hardness = spec.hardness.value.map { Float($0) } ?? settings.regionHardness
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
    let bounds = fit.bounds(from: threshold, hardness: hardness, settings: settings)
    let key = fit.key(
      from: bounds.threshold, boundary: bounds.boundary, hardness: hardness, strength: settings.fullStrength)
    return (key, bounds.boundary, hardness)
  }

  /// The later tokens of the target with which the base model would not go on by itself behind every prompt.
  private func ownTokens(of fact: SubjectFamily.Fact) -> [Int] {
    let target = fact.probe.targetIDs
    guard target.count > 1 else { return [] }
    let residuals = fact.answered.flatMap { text in
      text.ids.indices.suffix(target.count).dropLast().map { text.residual(token: $0) }
    }
    let logits = transformer.logits(
      FloatMatrix(copying: residuals, width: transformer.shape.width), rows: residuals.indices)
    return target.indices.dropFirst().filter { token in
      fact.answered.indices.contains { logits.largest($0 * (target.count - 1) + token - 1) != target[token] }
    }
  }

  /// Fits rows again apart from the tokens at which they act and should not: within the target and behind it, and in
  /// the spec's negatives.
  ///
  /// - Returns: whether the first row acts at the key prompt's last token.
  private func leaveAlone(
    _ parts: inout [Part], of fact: Int, beside rows: [MemoryRow]
  ) throws(FormatError) -> Bool {
    let own = family.facts[fact]
    // What the base model says behind prompt and target is what the patched one says too, where no row acts there.
    let related = family.facts.indices.filter { $0 != fact }.prefix(settings.relatedTexts)
    let others = related.map { family.facts[$0].after } + own.negatives
    let texts = [own.after] + own.answered.dropFirst() + others
    // Where the target's first token is to be said.
    let asked = own.variants.map { $0.ids.count - 1 } + others.map { _ in nil }
    var acts = false
    for round in 0...settings.miningRounds {
      let named = parts.map { (memory: "\($0.token)", row: $0.row) } + rows.map { (memory: "", row: $0) }
      let firings = firings(
        of: try MemorySet(named: named, for: transformer), rows: named.map(\.row), in: texts)
      acts = firings[0].contains { $0.memory == "0" && $0.position == parts[0].row.position && $0.strength > 0.5 }
      if round == settings.miningRounds { break }
      var isDone = true
      for i in parts.indices {
        let wrong = Self.wrongTokens(firings, row: parts[i].token, asked: asked)
        let samples = wrong.map { texts[$0.text].activation(parts[i].fit.fit.address, token: $0.token) }
        guard !samples.isEmpty, parts[i].fit.add(samples, pool: transformer.pool, settings: settings) else { continue }
        let region = region(parts[i].fit.fit, of: own.probe.spec, isFirst: parts[i].token == 0)
        (parts[i].row.key, parts[i].row.boundary) = (region.key, region.boundary)
        isDone = false
      }
      if isDone { break }
      shareQuestion(&parts)
    }
    return acts
  }

  /// Where memories act on the tokens of each text, which are run on from the first site that has a row.
  private func firings(of memories: MemorySet, rows: [MemoryRow], in texts: [RecordedText]) -> [[Firing]] {
    let addresses = rows.compactMap { transformer.address(ofModule: $0.module) }
    guard let start = addresses.min() else { return texts.map { _ in [] } }
    let batch = transformer.resume(
      texts.map { text in
        text.resumption(
          at: start, from: 0, cache: nil, memories: memories, presence: text.presence(of: memories, before: start))
      }, traces: true)
    return batch.sequences.map { sequence in
      batch.firings.filter { sequence.rows.contains($0.position) }.map { firing in
        var firing = firing
        firing.position -= sequence.rows.lowerBound
        return firing
      }
    }
  }

  /// The tokens at which a row acts and should not.
  ///
  /// - Parameters:
  ///   - row: the number of the target's token that it is for.
  ///   - asked: of each text the token behind which the target's first should follow; nil where none should.
  private static func wrongTokens(
    _ firings: [[Firing]], row: Int, asked: [Int?]
  ) -> [(text: Int, token: Int)] {
    zip(firings, asked).enumerated().flatMap { i, text in
      let places = text.0.filter {
        $0.memory == "\(row)" && $0.strength > 0.1 && $0.position != text.1.map { $0 + row }
      }
      return Set(places.map(\.position)).sorted().map { (text: i, token: $0) }
    }
  }
}
