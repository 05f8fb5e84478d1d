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
    let samples = SeenSamples(family, at: address, subjectToken: subjectToken)
    guard let fit = fit(samples, at: address) else { return nil }
    let separation = Separation(
      positives: fit.fitted, others: samples.outside.map { fit.key.similarity($0) },
      leftOut: Array(fit.inside.dropFirst()), boundary: nil, usual: settings.seenBoundary,
      share: settings.seenShare, hardness: settings.regionHardness, settings: settings)
    let cue = MemoryCue(
      mode: .seen, module: transformer.module(address), boundary: separation.boundary,
      hardness: settings.regionHardness, key: fit.key.values)
    return (cue, separation)
  }

  /// A fit that takes in the subject where it stands in the key prompts, whatever it looks like there: a text's first
  /// token has much in common with all others and little with the same word elsewhere.
  private func fit(_ samples: SeenSamples, at address: SiteAddress) -> RegionFit? {
    let (common, pool) = (surroundings.keys(at: address), transformer.pool)
    // A sentence of the surroundings may be about this very subject.
    let watched =
      family.facts.compactMap { surroundings.watched[$0.index].subject }
      + (family.subject.map(surroundings.samples) ?? [])
    let inside = samples.prompts + samples.texts
    let echoes = family.echoes.map { $0.activation(address, token: $0.ids.count - 1) }
    // Beside more samples outside, those inside would count ever less.
    let positiveWeight = settings.positiveWeight * max(1, Float(common.count) / Float(common.width))
    let isRoomy = common.count + inside.count + samples.outside.count < common.width
    guard
      let fit = RegionFit(
        [
          .init(samples: samples.outside, isInside: false, weight: 1, isJudged: false),
          .init(samples: echoes, isInside: false, weight: settings.echoWeight, isJudged: false),
          .init(
            samples: inside, isInside: true, weight: isRoomy ? 1 : positiveWeight, calibrates: true),
        ], apartFrom: common, positives: watched, at: address, smallestFit: settings.smallestFit, pool: pool)
    else { return nil }
    let missed = zip(samples.prompts, fit.fitted).filter { $1 < 1 - settings.boundary }.map(\.0)
    guard !missed.isEmpty else { return fit }
    let again = [(missed, true), (samples.instead, false)].map {
      RegionFit.Group(samples: $0, isInside: $1, weight: positiveWeight, isJudged: false)
    }
    return fit.adding(again, pool: pool) ?? fit
  }

  private func subjectToken(_ ids: [Int]) -> Int? {
    let tokenizer = family.model.tokenizer
    guard let subject = family.subject else { return nil }
    return tokenizer.lastToken(of: subject, in: tokenizer.decode(ids), ids: ids)
  }

  /// The cue *here*: at a prompt's last token, the site of an attention where questions about the subject are told best
  /// from those about others.
  func here() -> (cue: MemoryCue, fit: RegionFit, considered: [RegionFit])? {
    let sites = settings.hereSites(transformer.shape)
    surroundings.prepareSentenceKeys(at: sites, ridge: settings.hereRidge)
    let fits = transformer.pool.each(of: sites, hereFit)
    guard let best = fits.max(by: { $0.distinctness < $1.distinctness }) else { return nil }
    // What each of many facts leaves in adds up.
    let threshold =
      family.isOfMany
      ? settings.hereThresholds[1] : best.threshold(leavingIn: settings.hereLeak, within: settings.hereThresholds)
    let cue = MemoryCue(
      mode: .here, module: transformer.module(best.address), boundary: settings.hereBoundary,
      hardness: settings.regionHardness,
      key: best.key(
        from: threshold, boundary: settings.hereBoundary, hardness: settings.regionHardness,
        strength: settings.fullStrength))
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
          samples: others, isInside: false, weight: settings.hereLastWeight, decides: true),
        .init(samples: sentences, isInside: false, weight: settings.hereLastWeight),
        .init(samples: behind, isInside: false, weight: settings.behindContrastWeight, decides: true),
        .init(
          samples: facts.flatMap { family.otherTokens(of: $0, at: address) }, isInside: false, weight: 1,
          isJudged: false),
      ], apartFrom: surroundings.sentenceKeys(at: address, ridge: settings.hereRidge), at: address,
      smallestFit: settings.smallestFit,
      pool: nil)
  }
}

/// The tokens that the cue *seen* is fitted to.
private struct SeenSamples {
  typealias Sample = UnsafeMutablePointer<Float>

  /// The subject in the key prompts and in texts about it, each beginning once.
  private(set) var prompts: [Sample] = []
  private(set) var texts: [Sample] = []
  private(set) var outside: [Sample] = []
  /// Of these the other names in the subject's place.
  private(set) var instead: [Sample] = []

  private var heads: Set<[Int]> = []

  /// - Parameter subjectToken: the subject's last token in a text, where it is named there.
  init(_ family: SubjectFamily, at address: SiteAddress, subjectToken: ([Int]) -> Int?) {
    for fact in family.facts {
      for (i, variant) in fact.variants.enumerated() {
        guard let token = variant.subject, isNew(variant.ids, token) else { continue }
        prompts.append(fact.asked.activation(i, address, token: token))
      }
    }
    for fact in family.facts { addTexts(of: fact, at: address, subjectToken: subjectToken) }
    for fact in family.facts {
      for (i, variant) in fact.variants.enumerated() where i == 0 || variant.subject != nil {
        let free = variant.ids.indices.filter { $0 != variant.subject }
        outside += free.map { fact.asked.activation(i, address, token: $0) }
      }
    }
  }

  private mutating func addTexts(
    of fact: SubjectFamily.Fact, at address: SiteAddress, subjectToken: ([Int]) -> Int?
  ) {
    for (text, kind) in fact.contrast.kinds.enumerated() {
      let ids = fact.run.texts[text].ids
      let name = fact.contrast.names[text].map { fact.run.activation(address, text, token: $0) }
      if let name { outside.append(name) }
      switch kind {
      case .otherQuestion:
        guard let token = subjectToken(ids), isNew(ids, token) else { continue }
        texts.append(fact.run.activation(address, text, token: token))
      case .sameQuestion:
        if let name { instead.append(name) }
      case .negative:
        let free = ids.indices.filter { subjectToken(Array(ids[...$0])) != $0 }
        outside += free.map { fact.run.activation(address, text, token: $0) }
      case .behind, .after, .elsewhere: break
      }
    }
  }

  /// Whether the tokens up to one have not been met yet.
  private mutating func isNew(_ ids: [Int], _ token: Int) -> Bool { heads.insert(Array(ids[...token])).inserted }
}

extension CompilerSettings {
  /// The sites tried for the cue *here*.
  func hereSites(_ shape: ModelShape) -> [SiteAddress] {
    layers(hereDepths, shape).map { SiteAddress(layer: $0, site: .attn) }
  }

  /// The sites tried for rows.
  func rowSites(_ shape: ModelShape) -> [SiteAddress] { layers(rowDepths, shape).map(shape.lateSite) }

  private func layers(_ depths: [Float], _ shape: ModelShape) -> Range<Int> {
    let bounds = depths.map { min(shape.layers, Int(($0 * Float(shape.layers) + 1e-4).rounded(.down))) }
    return min(bounds[0], shape.layers - 1)..<max(bounds[1], min(bounds[0], shape.layers - 1) + 1)
  }
}
