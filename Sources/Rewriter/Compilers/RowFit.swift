import Kernels
import Runtime

/// The key of a row that knows a question: last tokens of prompts that ask it, apart from those that ask otherwise.
struct RowFit {
  private(set) var fit: RegionFit
  /// The prompts that the target's token should follow.
  let asked: ContextRun

  /// The key for the target's first token: it knows the question, whoever is asked about.
  ///
  /// - Returns: nil where the prompts have nothing in common.
  static func first(
    _ family: SubjectFamily, _ fact: Int, at address: SiteAddress, settings: CompilerSettings
  ) -> RowFit? {
    let asked = family.asked(of: fact, at: address)
    let same = family.lasts(of: fact, at: address) { kind, _ in if case .sameQuestion = kind { true } else { false } }
    let isChat = family.facts[fact].probe.style.isChat
    // A template that asks the same of the subject asks the same of others.
    var asksTheSame: Set<Int> = []
    // In a chat these decide where the region begins: it is what users go on to ask.
    let questions = family.lasts(of: fact, at: address) { kind, same in isChat && !same && kind.isQuestionAboutSubject }
    let other = family.lasts(of: fact, at: address) { kind, same in
      switch kind {
      case .otherQuestion(let template):
        if same { asksTheSame.insert(template) }
        return !same && !(isChat && kind.isQuestionAboutSubject)
      case .after: return true
      case .elsewhere(let template):
        // In a chat most answers begin alike: what is asked is known from the question about the subject.
        return isChat ? template.map { !asksTheSame.contains($0) } ?? true : !same
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
        .init(samples: questions, isInside: false, weight: settings.lastWeight, decides: true),
        .init(samples: related, isInside: false, weight: settings.minedWeight),
      ] + outside(family, fact, at: address, settings), asked: family.facts[fact].asked, family, fact,
      at: address, settings: settings)
  }

  /// The key for a later token of the target: it knows what has been said of it.
  ///
  /// - Parameter token: its number in the target.
  static func later(
    _ family: SubjectFamily, _ fact: Int, token: Int, at address: SiteAddress, settings: CompilerSettings
  ) -> RowFit? {
    let (probe, variants) = (family.facts[fact].probe, family.facts[fact].variants)
    let transformer = family.model.transformer
    let contexts = FactTexts.contexts(
      variants, of: probe, token: token, questions: family.facts[fact].contrast.behind(probe),
      positions: transformer.shape.positions, settings)
    let run = ContextRun(contexts, behind: family.beginnings, transformer: transformer)
    let asked = variants.indices.map { run.own($0, address) }
    let before = run.contexts.enumerated().flatMap { i, context in
      (0..<context.token).map { run.activation(i, address, token: $0) }
    }
    let other = family.lasts(of: fact, at: address) { kind, _ in if case .behind = kind { false } else { true } }
    return RowFit(
      [
        .init(
          samples: asked, isInside: true, weight: settings.askedWeight / Float(asked.count), calibrates: true),
        .init(samples: before, isInside: false, weight: 1, isJudged: false),
        .init(samples: other, isInside: false, weight: settings.lastWeight),
      ] + outside(family, fact, at: address, settings), asked: run, family, fact, at: address,
      settings: settings)
  }

  /// What every row of a fact leaves alone.
  private static func outside(
    _ family: SubjectFamily, _ fact: Int, at address: SiteAddress, _ settings: CompilerSettings
  ) -> [RegionFit.Group] {
    func negatives(aboutSubject: Bool) -> RegionFit.Group {
      let samples = family.lasts(of: fact, at: address) { kind, _ in
        if case .negative(let isAbout) = kind { isAbout == aboutSubject } else { false }
      }
      return .init(samples: samples, isInside: false, weight: settings.minedWeight, isListed: aboutSubject)
    }
    return [
      negatives(aboutSubject: true), negatives(aboutSubject: false),
      .init(samples: family.otherTokens(of: fact, at: address), isInside: false, weight: 1, isJudged: false),
    ]
  }

  private init?(
    _ groups: [RegionFit.Group], asked: ContextRun, _ family: SubjectFamily, _ fact: Int, at address: SiteAddress,
    settings: CompilerSettings
  ) {
    let common = family.surroundings.sentenceKeys(
      at: address, ridge: settings.rowRidge(of: family.facts[fact]))
    guard
      let fit = RegionFit(
        groups, apartFrom: common, at: address, smallestFit: settings.smallestFit, pool: nil)
    else { return nil }
    (self.fit, self.asked) = (fit, asked)
  }

  /// Fits again apart from further activations [D] at its site.
  ///
  /// - Returns: false where that leaves no fit.
  mutating func add(_ samples: [UnsafeMutablePointer<Float>], pool: WorkerPool, settings: CompilerSettings) -> Bool {
    let group = RegionFit.Group(samples: samples, isInside: false, weight: settings.minedWeight, isJudged: false)
    guard let again = fit.adding([group], pool: pool) else { return false }
    fit = again
    return true
  }

  /// The way to the delta of a row with this key, from all prompts that the target's token should follow.
  func descent(_ settings: CompilerSettings) -> Descent {
    Descent(asked, strengths: asked.contexts.map { _ in 1 }, offsets: nil, at: fit.address, settings: settings)
  }
}

extension CompilerSettings {
  /// λ of the rows of a fact.
  func rowRidge(of fact: SubjectFamily.Fact) -> Float { fact.probe.style.isChat ? chatRidge : regionRidge }
}
