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
    /// The variants' texts, run from the first token on; those behind no prefix too.
    let asked: StemmedRun
    /// Whether the answer to a contrast text is that to the key prompt, so that it asks the same.
    let asksTheSame: [Bool]
  }

  /// nil where none is known: what is asked is then told from other questions alone.
  let subject: String?
  /// Whether the subject is the compiler's guess.
  var isFound: Bool { subject != nil && !isGiven }
  private let isGiven: Bool
  /// Other questions about the subject are among the first one's texts alone.
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
    isGiven = members.contains { $0.probe.spec.subject != nil }
    var facts: [Fact] = []
    for (i, member) in members.enumerated() {
      var probe = member.probe
      probe.spec.subject = subject
      let variants = PromptVariants(probe, behind: surroundings.background.texts, model: model, settings: settings).all
      guard variants[0].subject != nil || subject == nil else { return nil }
      let contrast = ContrastTexts(
        probe, subject: subject, rivals: rivals, includingSubject: i == 0, model: model, settings: settings)
      let run = StemmedRun(contrast.texts, layers: layers, transformer: model.transformer)
      let asked = StemmedRun(variants.map { .init(ids: $0.ids) }, layers: layers, transformer: model.transformer)
      facts.append(
        Fact(
          probe: probe, index: member.index, variants: variants, contrast: contrast, run: run, asked: asked,
          asksTheSame: Self.asksTheSame(
            asked, facts.first.map { [$0.run, run] } ?? [run], from: settings.sameAnswer)))
    }
    self.facts = facts
  }

  /// Whether the next-token distribution behind each text has at least a part in common with that behind the key prompt.
  private static func asksTheSame(_ asked: StemmedRun, _ runs: [StemmedRun], from part: Float) -> [Bool] {
    let key = asked.probabilities(of: [0])
    return runs.flatMap { run in
      let others = run.probabilities(of: Array(run.texts.indices))
      return (0..<others.rows).map { row in
        var common: Float = 0
        let (p, q) = (key.row(0), others.row(row))
        for v in 0..<key.width { common += min(p[v], q[v]) }
        return common > part
      }
    }
  }

  /// The last tokens of a fact's contrast texts of some kinds, those of the first fact's other questions included.
  ///
  /// - Parameter isWanted: of a kind, and whether the text asks the same as the key prompt.
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
        if isWanted(kind, facts[fact].asksTheSame[number]) { result.append(owner.run.last(address, text)) }
      }
    }
    return result
  }

  /// The activations of tokens in a fact's texts but the last ones and those of other names, one of every few.
  func otherTokens(of fact: Int, at address: SiteAddress) -> [UnsafeMutablePointer<Float>] {
    let (run, names) = (facts[fact].run, facts[fact].contrast.names)
    return run.tokens.filter { $0.token < run.texts[$0.text].ids.count - 1 && names[$0.text] != $0.token }
      .enumerated().filter { $0.offset % settings.tokenStride == 0 }
      .map { run.activation(address, $0.element.text, token: $0.element.token) }
  }

  /// The last tokens of the prompts that the target should follow.
  func asked(of fact: Int, at address: SiteAddress) -> [UnsafeMutablePointer<Float>] {
    facts[fact].variants.indices.map { facts[fact].asked.last(address, $0) }
  }
}
