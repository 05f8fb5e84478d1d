import Format
import Runtime

/// The facts about one subject, with the texts that tell it and their questions from others, run once; or one fact
/// without a subject.
final class SubjectFamily {
  /// Facts about one subject that are to be compiled.
  struct Request {
    /// The facts, with their numbers among the memories of the surroundings.
    var members: [(index: Int, probe: Probe)]
    /// nil where none is known.
    var subject: String?
    /// Names that look like the subject's.
    var rivals: [String] = []
    /// Texts that end in a part of the subject's name and are not about it.
    var echoes: [[Int]] = []
    /// Whether these facts are some of so many that together they would often take other text for their subjects.
    var isOfMany = false
  }

  /// One fact with its own texts.
  struct Fact {
    let probe: Probe
    /// Its number among the memories of the surroundings.
    let index: Int
    let variants: [PromptVariants.Variant]
    let contrast: ContrastTexts
    let run: StemmedRun
    /// The variants' texts with the target's first token behind them.
    let asked: ContextRun
    /// The variants' texts with the target.
    let answered: [RecordedText]
    /// What the base model says behind key prompt and target, and then the negatives with its answers.
    let after: RecordedText
    let negatives: [RecordedText]
    /// Whether the answer to a contrast text is that to the key prompt, so that it asks the same.
    let asksTheSame: [Bool]
  }

  /// nil where none is known: what is asked is then told from other questions alone.
  let subject: String?
  /// Whether the subject is the compiler's guess.
  var isFound: Bool { subject != nil && !isGiven }
  private let isGiven: Bool
  /// The request's.
  let isOfMany: Bool
  /// Other questions about the subject are among the texts of the first one alone, and of the first in chat.
  let facts: [Fact]
  /// The request's, run as far as the cue *seen*.
  let echoes: [RecordedText]
  let model: LanguageModel
  let surroundings: Surroundings
  let settings: CompilerSettings
  /// What the texts have been run behind.
  let beginnings: Beginnings

  /// The families of several requests, whose texts are run side by side.
  ///
  /// - Parameter beginnings: keeps what the texts of later requests may begin with too.
  /// - Returns: nil for a request whose subject does not stand in every key prompt.
  static func all(
    _ requests: [Request], behind beginnings: Beginnings, model: LanguageModel, surroundings: Surroundings,
    settings: CompilerSettings
  ) -> [SubjectFamily?] {
    let texts = requests.map { FactTexts.all($0, model: model, turns: surroundings.turns, settings: settings) }
    let end = settings.subjectSite(model.transformer.shape)
    var recorded = beginnings.run(
      zip(requests, texts).flatMap { request, texts in
        texts.map { texts in
          texts.flatMap(\.requests) + request.echoes.map { Beginnings.Text(ids: $0, end: end) }
        } ?? []
      })[...]
    return zip(requests, texts).map { request, texts in
      texts.map {
        SubjectFamily(request, $0, taking: &recorded, beginnings, model: model, surroundings, settings)
      }
    }
  }

  private init(
    _ request: Request, _ texts: [FactTexts], taking recorded: inout ArraySlice<RecordedText>, _ beginnings: Beginnings,
    model: LanguageModel, _ surroundings: Surroundings, _ settings: CompilerSettings
  ) {
    (subject, self.model, self.surroundings, self.settings) = (request.subject, model, surroundings, settings)
    (self.beginnings, isOfMany) = (beginnings, request.isOfMany)
    isGiven = request.members.contains { $0.probe.spec.subject != nil }
    var facts: [Fact] = []
    func take(_ count: Int) -> ArraySlice<RecordedText> {
      defer { recorded = recorded.dropFirst(count) }
      return recorded.prefix(count)
    }
    for texts in texts {
      let run = StemmedRun(
        texts.contrast.texts, recorded: Array(take(texts.contrast.texts.count)), transformer: model.transformer)
      let asked = ContextRun(
        texts.contexts, recorded: take(2 * texts.contexts.count), in: beginnings, transformer: model.transformer)
      let others = facts.first.map { [($0.run, $0.contrast)] } ?? []
      facts.append(
        Fact(
          probe: texts.probe, index: texts.index, variants: texts.variants, contrast: texts.contrast, run: run,
          asked: asked, answered: Array(take(texts.answered.count)), after: take(1).first!,
          negatives: Array(take(texts.negatives.count)),
          asksTheSame: Self.asksTheSame(
            texts.probe, others + [(run, texts.contrast)], as: asked, behind: beginnings, model, settings)))
    }
    self.facts = facts
    echoes = Array(take(request.echoes.count))
  }

  /// Whether the next-token distribution behind each text has at least a part in common with that behind the key prompt;
  /// of questions in a chat, whose answers begin alike, also behind each of the first tokens of the key prompt's answer.
  /// It is asked of texts that may be another wording of the question, and false of all others.
  private static func asksTheSame(
    _ probe: Probe, _ runs: [(run: StemmedRun, contrast: ContrastTexts)], as asked: ContextRun,
    behind beginnings: Beginnings, _ model: LanguageModel, _ settings: CompilerSettings
  ) -> [Bool] {
    let wordings = runs.map { $0.contrast.kinds.indices.filter($0.contrast.mayAskTheSame) }
    let distributions = model.transformer.probabilities(
      behind: [asked.ownResidual(0)] + zip(runs, wordings).flatMap { $0.run.lastResiduals(of: $1) })
    var row = 0
    return zip(runs, wordings).flatMap { run, wordings in
      var result = [Bool](repeating: false, count: run.run.texts.count)
      for text in wordings {
        row += 1
        result[text] = distributions.common(row: 0, with: distributions, row: row) > settings.sameAnswer
      }
      guard probe.style.isChat else { return result }
      let asked = result.indices.filter { result[$0] && run.contrast.kinds[$0].isQuestionAboutSubject }
      let isSame = answersAlike(probe, asked.map { run.run.texts[$0] }, behind: beginnings, model, settings)
      for (text, isSame) in zip(asked, isSame) { result[text] = isSame }
      return result
    }
  }

  /// Whether the answer to each prompt has that part in common behind each token of the answer to the key prompt.
  private static func answersAlike(
    _ probe: Probe, _ prompts: [StemmedRun.Text], behind beginnings: Beginnings, _ model: LanguageModel,
    _ settings: CompilerSettings
  ) -> [Bool] {
    guard !prompts.isEmpty else { return [] }
    // Long enough to go beyond the subject's name.
    let answer = Continuations(of: [probe.keyIDs], count: settings.sameAnswerLength, model: model).ids[0]
    let texts = ([probe.keyIDs] + prompts.map(\.ids)).map { StemmedRun.Text(ids: $0 + answer.dropLast()) }
    let run = StemmedRun(texts, behind: beginnings, transformer: model.transformer)
    let behind = model.transformer.probabilities(
      behind: run.lastResiduals(of: Array(texts.indices), count: answer.count))
    return prompts.indices.map { i in
      answer.indices.allSatisfy {
        behind.common(row: $0, with: behind, row: (i + 1) * answer.count + $0) > settings.sameAnswer
      }
    }
  }

  /// The last tokens of a fact's contrast texts of some kinds, those of the first fact's other questions included.
  ///
  /// - Parameter isWanted: of a kind, and whether the text asks the same as the key prompt; texts behind a mention of
  ///   the subject are run only as far as the cues' sites.
  func lasts(
    of fact: Int, at address: SiteAddress, _ isWanted: (ContrastTexts.Kind, _ asksTheSame: Bool) -> Bool
  ) -> [UnsafeMutablePointer<Float>] {
    let runs = fact == 0 ? [facts[0]] : [facts[0], facts[fact]]
    var number = 0
    var result: [UnsafeMutablePointer<Float>] = []
    for (i, owner) in runs.enumerated() {
      for text in owner.contrast.texts.indices {
        defer { number += 1 }
        let kind = owner.contrast.kinds[text]
        if i == 0, fact != 0 {
          // Of another fact only what is about the subject and no question of its own.
          guard case .otherQuestion = kind else { continue }
        }
        guard isWanted(kind, facts[fact].asksTheSame[number]) else { continue }
        let last = owner.run.texts[text].ids.count - 1
        let tokens = if case .after(let first) = kind { first...last } else { last...last }
        result += tokens.map { owner.run.activation(address, text, token: $0) }
      }
    }
    return result
  }

  /// The activations of tokens in a fact's whole texts but the last ones and those of other names, one of every few.
  func otherTokens(of fact: Int, at address: SiteAddress) -> [UnsafeMutablePointer<Float>] {
    let (run, contrast) = (facts[fact].run, facts[fact].contrast)
    return run.tokens.filter { text, token in
      if case .after = contrast.kinds[text] { return false }
      return !run.texts[text].isShort && token < run.texts[text].ids.count - 1 && contrast.names[text] != token
    }
    .enumerated().filter { $0.offset % settings.tokenStride == 0 }
    .map { run.activation(address, $0.element.text, token: $0.element.token) }
  }

  /// The last tokens of the prompts that the target should follow.
  func asked(of fact: Int, at address: SiteAddress) -> [UnsafeMutablePointer<Float>] {
    facts[fact].variants.indices.map { facts[fact].asked.own($0, address) }
  }
}

extension ContrastTexts.Kind {
  /// Whether a text is a question about the subject in the prompt's form.
  var isQuestionAboutSubject: Bool {
    if case .otherQuestion(let template) = self { template >= SubjectTemplates.all.count } else { false }
  }
}

extension ContrastTexts {
  /// Whether a text's question could be the key prompt's in other words.
  fileprivate func mayAskTheSame(_ text: Int) -> Bool {
    switch kinds[text] {
    case .otherQuestion, .elsewhere: true
    case .sameQuestion, .behind, .after, .negative: false
    }
  }
}

extension FloatMatrix {
  /// The part that two distributions have in common.
  fileprivate func common(row: Int, with other: FloatMatrix, row otherRow: Int) -> Float {
    let (p, q) = (self.row(row), other.row(otherRow))
    var sum: Float = 0
    for v in 0..<width { sum += min(p[v], q[v]) }
    return sum
  }
}
