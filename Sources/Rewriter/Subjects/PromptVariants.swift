import Runtime

/// The prompts that a memory's target should follow: the key prompt, the key prompt behind other text, and the spec's
/// positives.
struct PromptVariants {
  struct Variant {
    var ids: [Int]
    /// The subject's last token; nil where the subject does not stand there.
    var subject: Int?
  }

  /// The key prompt first.
  private(set) var all: [Variant]

  init(_ probe: Probe, model: LanguageModel, settings: CompilerSettings) {
    let (spec, tokenizer) = (probe.spec, model.tokenizer)
    func subject(_ text: String, _ ids: [Int]) -> Int? {
      spec.subject.flatMap { tokenizer.lastToken(of: $0, in: text, ids: ids) }
    }
    all = [Variant(ids: probe.keyIDs, subject: subject(spec.prompt, probe.keyIDs))]
    // Behind a text the first word may be cut otherwise.
    let spaced = tokenizer.encode(" " + spec.prompt, addSpecialTokens: false, isStart: false)
    let moved = subject(" " + spec.prompt, spaced)
    for prefix in Self.prefixes(of: probe, model: model, settings: settings) {
      all.append(Variant(ids: prefix + spaced, subject: moved.map { prefix.count + $0 }))
    }
    for (text, ids) in zip(spec.positivePrompts, probe.positives).dropFirst() {
      all.append(Variant(ids: ids, subject: subject(text, ids)))
    }
  }

  /// Texts to stand before the prompt: the spec's, else sentences about nothing in particular.
  static func prefixes(of probe: Probe, model: LanguageModel, settings: CompilerSettings) -> [[Int]] {
    let room = model.transformer.shape.positions - probe.keyIDs.count - probe.targetIDs.count - 2
    let texts = probe.spec.prefixes.value ?? Array(SubjectTemplates.openings.prefix(settings.prefixCount))
    return texts.map { model.tokenizer.encode($0) }.filter { !$0.isEmpty && $0.count <= room }
  }
}
