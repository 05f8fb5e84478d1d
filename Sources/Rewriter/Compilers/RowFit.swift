import Kernels
import Runtime

/// The key of a row that knows a question: last tokens of prompts that ask it, apart from those that ask otherwise.
struct RowFit {
  private(set) var fit: RegionFit
  private var groups: [RegionFit.Group]
  private var mined: [[Float]] = []
  private let common: LeastSquaresKeys
  /// The run that the samples of a later token are of.
  private var own: StemmedRun?

  /// The key for the target's first token: it knows the question, whoever is asked about.
  ///
  /// - Returns: nil where the prompts have nothing in common.
  static func first(
    _ family: SubjectFamily, _ fact: Int, at address: SiteAddress, settings: CompilerSettings
  ) -> RowFit? {
    let asked = family.asked(of: fact, at: address)
    let same = family.lasts(of: fact, at: address) { kind, _ in if case .sameQuestion = kind { true } else { false } }
    // A template that asks the same of the subject asks the same of others.
    var asksTheSame: Set<Int> = []
    let other = family.lasts(of: fact, at: address) { kind, same in
      switch kind {
      case .otherQuestion(let template):
        if same, let template { asksTheSame.insert(template) }
        return !same
      case .after: return true
      case .elsewhere: return !same
      case .negative, .sameQuestion, .behind: return false
      }
    }
    let sentences = family.surroundings.sentenceEnds(at: address).enumerated()
      .filter { !asksTheSame.contains($0.offset) }.map(\.element)
    let related = family.facts.indices.filter { $0 != fact }.flatMap { family.asked(of: $0, at: address).prefix(1) }
    func each(_ share: Float, _ count: Int) -> Float { share * settings.askedWeight / Float(max(1, count)) }
    // Without a cue the row is looked at in all texts.
    let background = family.subject == nil ? family.surroundings.backgroundTokens(at: address) : []
    return RowFit(
      [
        .init(samples: asked, isInside: true, weight: each(1, asked.count), calibrates: true),
        .init(samples: background, isInside: false, weight: 1),
        .init(samples: same, isInside: true, weight: each(settings.sameQuestionShare, same.count)),
        .init(samples: other + sentences, isInside: false, weight: settings.lastWeight),
        .init(samples: related, isInside: false, weight: settings.minedWeight),
      ] + outside(family, fact, at: address, settings), family, at: address, settings: settings)
  }

  /// The key for a later token of the target: it knows what has been said of it.
  ///
  /// - Parameter texts: the prompts and the part of the target before the token.
  static func later(
    _ family: SubjectFamily, _ fact: Int, texts: [[Int]], at address: SiteAddress, settings: CompilerSettings
  ) -> RowFit? {
    let run = StemmedRun(
      texts.map { .init(ids: $0) }, layers: [address.layer], transformer: family.model.transformer)
    let asked = texts.indices.map { run.last(address, $0) }
    let before = run.tokens.filter { $0.token < texts[$0.text].count - 1 }
      .map { run.activation(address, $0.text, token: $0.token) }
    let other = family.lasts(of: fact, at: address) { _, _ in true }
    var fit = RowFit(
      [
        .init(
          samples: asked, isInside: true, weight: settings.askedWeight / Float(asked.count), calibrates: true),
        .init(samples: before, isInside: false, weight: 1, isJudged: false),
        .init(samples: other, isInside: false, weight: settings.lastWeight),
      ] + outside(family, fact, at: address, settings), family, at: address, settings: settings)
    fit?.own = run
    return fit
  }

  /// What every row of a fact leaves alone.
  private static func outside(
    _ family: SubjectFamily, _ fact: Int, at address: SiteAddress, _ settings: CompilerSettings
  ) -> [RegionFit.Group] {
    let negatives = family.lasts(of: fact, at: address) { kind, _ in if case .negative = kind { true } else { false } }
    return [
      .init(samples: negatives, isInside: false, weight: settings.minedWeight),
      .init(samples: family.otherTokens(of: fact, at: address), isInside: false, weight: 1, isJudged: false),
    ]
  }

  private init?(
    _ groups: [RegionFit.Group], _ family: SubjectFamily, at address: SiteAddress, settings: CompilerSettings
  ) {
    common = family.surroundings.sentenceKeys(at: address)
    self.groups = groups
    guard
      let fit = RegionFit(
        groups, apartFrom: common, at: address, smallestFit: settings.smallestFit, pool: nil)
    else { return nil }
    self.fit = fit
  }

  /// Fits again apart from the last tokens of further texts.
  ///
  /// - Returns: false where that leaves no fit.
  mutating func add(_ texts: [[Int]], model: LanguageModel, settings: CompilerSettings) -> Bool {
    let run = BaseRun(texts, to: fit.address, transformer: model.transformer)
    mined += texts.indices.map { i in
      Array(
        UnsafeBufferPointer(
          start: run.activation(fit.address, i, token: texts[i].count - 1), count: common.width))
    }
    let matrix = FloatMatrix(mined.count, common.width)
    for (i, values) in mined.enumerated() { matrix.row(i).update(from: values, count: values.count) }
    let group = RegionFit.Group(
      samples: (0..<matrix.rows).map(matrix.row), isInside: false, weight: settings.minedWeight, isJudged: false)
    guard
      let again = RegionFit(
        groups + [group], apartFrom: common, at: fit.address, smallestFit: settings.smallestFit,
        pool: model.transformer.pool)
    else { return false }
    fit = again
    return true
  }
}

/// The delta of a row for one of the target's tokens, from all prompts that the target should follow.
struct RowDelta {
  private let run: ContextRun
  private let address: SiteAddress
  private let settings: CompilerSettings

  init(_ family: SubjectFamily, _ fact: Int, token: Int = 0, at address: SiteAddress, settings: CompilerSettings) {
    let (probe, variants) = (family.facts[fact].probe, family.facts[fact].variants)
    let contexts = variants.map { variant in
      let ids = variant.ids + probe.targetIDs[..<token]
      return Context(
        ids, token: ids.count - 1, target: [probe.targetIDs[token]], behindWeight: settings.behindWeight)
    }
    run = ContextRun(contexts.sharing(1), layers: [address.layer], transformer: family.model.transformer)
    (self.address, self.settings) = (address, settings)
  }

  func descend() -> (delta: [Float], alpha: Float, steps: Int) {
    var descent = Descent(
      run, strengths: run.contexts.map { _ in 1 }, offsets: nil, at: address, settings: settings)
    descent.descend()
    return (descent.delta, descent.alpha, descent.steps)
  }
}
