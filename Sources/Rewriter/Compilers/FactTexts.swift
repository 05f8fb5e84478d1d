import Runtime

/// The texts that one fact is compiled with, before they are run.
struct FactTexts {
  let probe: Probe
  /// Its number among the memories of the surroundings.
  let index: Int
  let variants: [PromptVariants.Variant]
  let contrast: ContrastTexts
  /// The variants, which the target's first token should follow.
  let contexts: [Context]
  /// The variants' texts with the target.
  let answered: [[Int]]
  /// Key prompt and target with what the base model says behind them.
  let after: [Int]
  /// The negatives with the base model's answers.
  let negatives: [[Int]]
  /// The last site where a cue is looked for.
  private let cueEnd: SiteAddress?

  /// The texts of each fact of a request; nil where the subject does not stand in every key prompt.
  ///
  /// - Parameter turns: what users say in chats.
  static func all(
    _ request: SubjectFamily.Request, model: LanguageModel, turns: [String], settings: CompilerSettings
  ) -> [FactTexts]? {
    var all: [FactTexts] = []
    for (index, probe) in request.members {
      let isFirst = !all.contains { $0.probe.style.isChat == probe.style.isChat }
      guard
        let texts = FactTexts(probe, index: index, request, isFirst: isFirst, model: model, turns: turns, settings)
      else { return nil }
      all.append(texts)
    }
    return all
  }

  /// - Parameter isFirst: whether no other fact has the other questions about the subject.
  private init?(
    _ given: Probe, index: Int, _ request: SubjectFamily.Request, isFirst: Bool, model: LanguageModel, turns: [String],
    _ settings: CompilerSettings
  ) {
    var probe = given
    probe.spec.subject = request.subject
    (self.probe, self.index) = (probe, index)
    cueEnd = settings.hereSites(model.transformer.shape).last
    variants = PromptVariants(probe, model: model, settings: settings).all
    guard variants[0].subject != nil || request.subject == nil else { return nil }
    contrast = ContrastTexts(
      probe, subject: request.subject, rivals: request.rivals, turns: turns, includingSubject: isFirst, model: model,
      settings: settings)
    contexts = Self.contexts(
      variants, of: probe, token: 0, questions: contrast.behind(probe), positions: model.transformer.shape.positions,
      settings)
    answered = variants.map { $0.ids + probe.targetIDs }
    after = probe.keyIDs + probe.targetIDs + probe.after
    negatives = zip(probe.negatives, probe.base.ids[probe.positives.count...]).map { $0 + $1 }
  }

  /// All that is to be run: the contrast texts, the contexts, `answered`, `after` and the negatives.
  var requests: [Beginnings.Text] {
    contrast.texts.map { $0.request(shortTo: cueEnd) } + ContextRun.requests(contexts)
      + (answered + [after] + negatives).map { Beginnings.Text(ids: $0) }
  }

  /// The prompts that the target should follow, up to one of the target's tokens, which follows them.
  ///
  /// - Parameter questions: about others, for the prompts in turn: what the memory does at a token reaches what stands
  ///   behind it through the layers above.
  static func contexts(
    _ variants: [PromptVariants.Variant], of probe: Probe, token: Int, questions: [[Int]], positions: Int,
    _ settings: CompilerSettings
  ) -> [Context] {
    let target = probe.targetIDs
    let contexts = variants.enumerated().map { i, variant in
      let ids = variant.ids + target[..<token]
      var question = questions.isEmpty ? [] : target[(token + 1)...] + questions[i % questions.count]
      if ids.count + 1 + question.count > positions { question = [] }
      return Context(
        ids, token: ids.count - 1, target: [target[token]], behindWeight: settings.behindWeight,
        question: (question, settings.questionWeight))
    }
    return contexts.sharing(1)
  }
}
