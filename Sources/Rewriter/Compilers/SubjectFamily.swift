import Format
import Runtime

/// The facts about one subject, with the texts that tell it and their questions from others, run once; or one fact
/// without a subject.
final class SubjectFamily {
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
    /// Whether the answer to a contrast text is that to the key prompt, so that it asks the same.
    let asksTheSame: [Bool]
  }

  /// nil where none is known: what is asked is then told from other questions alone.
  let subject: String?
  /// Whether the subject is the compiler's guess.
  var isFound: Bool { subject != nil && !isGiven }
  private let isGiven: Bool
  /// Other questions about the subject are among the texts of the first one alone, and of the first in chat.
  let facts: [Fact]
  let model: LanguageModel
  let surroundings: Surroundings
  let settings: CompilerSettings

  /// - Parameters:
  ///   - members: the facts about the subject, with their numbers.
  ///   - rivals: names that look like the subject's.
  ///   - layers: those whose sites will be asked for.
  /// - Returns: nil where the subject does not stand in every key prompt.
  init?(
    _ members: [(index: Int, probe: Probe)], subject: String?, rivals: [String], layers: Set<Int>, model: LanguageModel,
    surroundings: Surroundings, settings: CompilerSettings
  ) {
    (self.subject, self.model, self.surroundings, self.settings) = (subject, model, surroundings, settings)
    let transformer = model.transformer
    isGiven = members.contains { $0.probe.spec.subject != nil }
    var facts: [Fact] = []
    for member in members {
      var probe = member.probe
      probe.spec.subject = subject
      let variants = PromptVariants(probe, model: model, settings: settings).all
      guard variants[0].subject != nil || subject == nil else { return nil }
      let contrast = ContrastTexts(
        probe, subject: subject, rivals: rivals, turns: surroundings.turns,
        includingSubject: !facts.contains { $0.probe.style.isChat == probe.style.isChat }, model: model,
        settings: settings)
      let run = StemmedRun(
        contrast.texts, layers: layers, to: settings.hereSites(transformer.shape).last, transformer: transformer)
      let asked = Self.contexts(
        variants, of: probe, token: 0, questions: contrast.behind(probe), layers: layers, transformer, settings)
      facts.append(
        Fact(
          probe: probe, index: member.index, variants: variants, contrast: contrast, run: run, asked: asked,
          asksTheSame: Self.asksTheSame(
            probe, asked, facts.first.map { [($0.run, $0.contrast), (run, contrast)] } ?? [(run, contrast)],
            from: settings.sameAnswer, model, settings)))
    }
    self.facts = facts
  }

  /// Whether the next-token distribution behind each text has at least a part in common with that behind the key prompt;
  /// of questions in a chat, whose answers begin alike, also behind each of the first tokens of the key prompt's answer.
  private static func asksTheSame(
    _ probe: Probe, _ asked: ContextRun, _ runs: [(run: StemmedRun, contrast: ContrastTexts)], from part: Float,
    _ model: LanguageModel, _ settings: CompilerSettings
  ) -> [Bool] {
    let key = asked.probabilities(behind: 0)
    return runs.flatMap { run, contrast in
      let whole = run.texts.indices.filter { !run.texts[$0].isShort }
      let others = run.probabilities(of: whole)
      var result = [Bool](repeating: false, count: run.texts.count)
      for (row, text) in whole.enumerated() { result[text] = key.common(row: 0, with: others, row: row) > part }
      guard probe.style.isChat else { return result }
      let asked = result.indices.filter { result[$0] && contrast.kinds[$0].isQuestionAboutSubject }
      let isSame = answersAlike(probe, asked.map { run.texts[$0] }, from: part, model, settings)
      for (text, isSame) in zip(asked, isSame) { result[text] = isSame }
      return result
    }
  }

  /// Whether the answer to each prompt has that part in common behind each token of the answer to the key prompt.
  private static func answersAlike(
    _ probe: Probe, _ prompts: [StemmedRun.Text], from part: Float, _ model: LanguageModel, _ settings: CompilerSettings
  ) -> [Bool] {
    guard let first = prompts.first else { return [] }
    // Long enough to go beyond the subject's name.
    let answer = Continuations(of: [probe.keyIDs], count: settings.sameAnswerLength, model: model).ids[0]
    let key = StemmedRun.Text(
      ids: probe.keyIDs, stem: probe.keyIDs.starts(with: first.ids[..<first.stem]) ? first.stem : 0)
    let texts = ([key] + prompts).map { StemmedRun.Text(ids: $0.ids + answer.dropLast(), stem: $0.stem) }
    let behind = StemmedRun(texts, layers: [], transformer: model.transformer).probabilities(
      of: Array(texts.indices), last: answer.count)
    return prompts.indices.map { i in
      answer.indices.allSatisfy { behind.common(row: $0, with: behind, row: (i + 1) * answer.count + $0) > part }
    }
  }

  /// The prompts that the target should follow, up to one of the target's tokens, which follows them.
  ///
  /// - Parameter questions: about others, for the prompts in turn: what the memory does at a token reaches what stands
  ///   behind it through the layers above.
  static func contexts(
    _ variants: [PromptVariants.Variant], of probe: Probe, token: Int, questions: [[Int]], layers: Set<Int>,
    _ transformer: Transformer, _ settings: CompilerSettings
  ) -> ContextRun {
    let target = probe.targetIDs
    let contexts = variants.enumerated().map { i, variant in
      let ids = variant.ids + target[..<token]
      var question = questions.isEmpty ? [] : target[(token + 1)...] + questions[i % questions.count]
      if ids.count + 1 + question.count > transformer.shape.positions { question = [] }
      return Context(
        ids, token: ids.count - 1, target: [target[token]], behindWeight: settings.behindWeight,
        question: (question, settings.questionWeight))
    }
    return ContextRun(contexts.sharing(1), layers: layers, transformer: transformer)
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

extension FloatMatrix {
  /// The part that two distributions have in common.
  fileprivate func common(row: Int, with other: FloatMatrix, row otherRow: Int) -> Float {
    let (p, q) = (self.row(row), other.row(otherRow))
    var sum: Float = 0
    for v in 0..<width { sum += min(p[v], q[v]) }
    return sum
  }
}
