import Format
import Runtime

/// The cues of a subject, which all facts about it share: *seen* where it is named, *here* where it is asked about.
struct CueCompiler {
  let family: SubjectFamily
  let settings: CompilerSettings
  private var transformer: Transformer { family.model.transformer }
  private var surroundings: Surroundings { family.surroundings }

  /// The cue *seen*: at the subject's last token, an MLP's site about a third of the way up.
  ///
  /// - Returns: nil where the subject's tokens have nothing in common.
  func seen() -> (cue: MemoryCue, separation: Separation)? {
    let address = settings.subjectSite(transformer.shape)
    var inside: [UnsafeMutablePointer<Float>] = []
    var outside: [UnsafeMutablePointer<Float>] = []
    var heads: Set<[Int]> = []
    for fact in family.facts {
      for (i, variant) in fact.variants.enumerated() {
        guard let token = variant.subject, heads.insert(Array(variant.ids[...token])).inserted else { continue }
        inside.append(fact.asked.activation(address, i, token: token))
      }
    }
    for fact in family.facts {
      for (text, kind) in fact.contrast.kinds.enumerated() {
        let ids = fact.run.texts[text].ids
        if case .otherQuestion = kind, let token = newSubjectToken(ids, beside: &heads) {
          inside.append(fact.run.activation(address, text, token: token))
        }
        if let name = fact.contrast.names[text] { outside.append(fact.run.activation(address, text, token: name)) }
        if case .negative = kind {
          let free = ids.indices.filter { !namesSubject(Array(ids[...$0])) }
          outside += free.map { fact.run.activation(address, text, token: $0) }
        }
      }
      for (i, variant) in fact.variants.enumerated() where i == 0 || variant.subject != nil {
        let free = variant.ids.indices.filter { $0 != variant.subject }
        outside += free.map { fact.asked.activation(address, i, token: $0) }
      }
    }
    let common = surroundings.keys(at: address)
    // A sentence of the surroundings may be about this very subject.
    let watched =
      family.facts.compactMap { surroundings.watched[$0.index].subject }
      + (family.subject.map(surroundings.samples) ?? [])
    return fit(inside, outside, watched: watched, common, at: address)
  }

  private func fit(
    _ inside: [UnsafeMutablePointer<Float>], _ outside: [UnsafeMutablePointer<Float>], watched: [Int],
    _ common: LeastSquaresKeys, at address: SiteAddress
  ) -> (cue: MemoryCue, separation: Separation)? {
    var keys = common
    let own = keys.count..<(keys.count + inside.count)
    let fits = keys.count + inside.count + outside.count < keys.width
    keys.append(
      FloatMatrix(copying: inside, width: keys.width), weight: fits ? 1 : settings.positiveWeight,
      pool: transformer.pool)
    keys.append(FloatMatrix(copying: outside, width: keys.width), pool: transformer.pool)
    var (key, leftOut) = keys.solve(positives: watched + own, judged: Array(own.dropFirst()))
    let fitted = inside.map { key.similarity($0) }
    let mean = fitted.reduce(0, +) / Float(max(1, fitted.count))
    guard mean > settings.smallestFit, mean.isFinite else { return nil }
    key.calibrate(mean: mean)
    let separation = Separation(
      positives: fitted.map { $0 / mean }, others: outside.map { key.similarity($0) },
      leftOut: leftOut.map { $0 / mean }, boundary: nil, hardness: settings.hardness, settings: settings)
    let cue = MemoryCue(
      mode: .seen, module: transformer.module(address), boundary: separation.boundary, hardness: settings.hardness,
      key: key.values)
    return (cue, separation)
  }

  /// The subject's last token in a text that names it, where it does not stand behind the same words as one known.
  private func newSubjectToken(_ ids: [Int], beside heads: inout Set<[Int]>) -> Int? {
    guard let token = subjectToken(ids), heads.insert(Array(ids[...token])).inserted else { return nil }
    return token
  }

  private func namesSubject(_ ids: [Int]) -> Bool { subjectToken(ids) == ids.count - 1 }

  private func subjectToken(_ ids: [Int]) -> Int? {
    let tokenizer = family.model.tokenizer
    guard let subject = family.subject else { return nil }
    return tokenizer.lastToken(of: subject, in: tokenizer.decode(ids), ids: ids)
  }

  /// The cue *here*: at a prompt's last token, the site of an attention where questions about the subject are told best
  /// from those about others.
  func here() -> (cue: MemoryCue, fit: RegionFit, considered: [RegionFit])? {
    let sites = settings.hereSites(transformer.shape)
    surroundings.prepareSentenceKeys(at: sites)
    let fits = transformer.pool.each(of: sites, hereFit)
    guard let best = fits.max(by: { $0.distinctness < $1.distinctness }) else { return nil }
    let cue = MemoryCue(
      mode: .here, module: transformer.module(best.address), boundary: settings.regionBoundary,
      hardness: settings.gatedHardness,
      key: best.key(from: settings.hereThreshold, boundary: settings.regionBoundary))
    return (cue, best, fits)
  }

  private func hereFit(at address: SiteAddress) -> RegionFit? {
    let facts = family.facts.indices
    let asked = facts.flatMap { family.asked(of: $0, at: address) }
    let questions = family.lasts(of: 0, at: address) { kind, _ in if case .otherQuestion = kind { true } else { false }
    }
    let others = facts.flatMap { fact in
      family.lasts(of: fact, at: address) { kind, _ in
        switch kind {
        case .sameQuestion, .elsewhere: true
        default: false
        }
      }
    }
    let behind = facts.flatMap { fact in
      family.lasts(of: fact, at: address) { kind, _ in if case .behind = kind { true } else { false } }
    }
    let tokens = family.subject.map(surroundings.sentenceTokens)
    let sentences = surroundings.sentenceEnds(at: address).enumerated()
      .filter { tokens?[$0.offset] == nil }.map(\.element)
    func each(_ share: Float, _ count: Int) -> Float { share * settings.askedWeight / Float(max(1, count)) }
    return RegionFit(
      [
        .init(
          samples: asked, isInside: true, weight: each(settings.hereKeyShare, asked.count), calibrates: true),
        .init(samples: questions, isInside: true, weight: each(1, questions.count)),
        .init(
          samples: others + sentences, isInside: false, weight: settings.lastWeight),
        .init(samples: behind, isInside: false, weight: settings.behindContrastWeight),
        .init(
          samples: facts.flatMap { family.otherTokens(of: $0, at: address) }, isInside: false, weight: 1,
          isJudged: false),
      ], apartFrom: surroundings.sentenceKeys(at: address), at: address, smallestFit: settings.smallestFit,
      pool: nil)
  }
}

extension CompilerSettings {
  /// The sites tried for the cue *here*.
  func hereSites(_ shape: ModelShape) -> [SiteAddress] {
    layers(hereDepths, shape).map { SiteAddress(layer: $0, site: .attn) }
  }

  /// The sites tried for rows.
  func rowSites(_ shape: ModelShape) -> [SiteAddress] {
    layers(rowDepths, shape).map { SiteAddress(layer: $0, site: .mlp) }
  }

  private func layers(_ depths: [Float], _ shape: ModelShape) -> Range<Int> {
    let bounds = depths.map { min(shape.layers, Int(($0 * Float(shape.layers) + 1e-4).rounded(.down))) }
    return min(bounds[0], shape.layers - 1)..<max(bounds[1], min(bounds[0], shape.layers - 1) + 1)
  }
}
