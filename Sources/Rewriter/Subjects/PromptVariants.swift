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
    all = [Variant(ids: probe.keyIDs, subject: subject(probe.prompt, probe.keyIDs))]
    for text in Self.conversations(of: probe, settings: settings) {
      let ids = probe.style.encode(text, tokenizer)
      if ids.count < Self.room(behind: probe, model) { all.append(Variant(ids: ids, subject: subject(text, ids))) }
    }
    // Behind a text the first word may be cut otherwise.
    let spaced = tokenizer.encode(" " + probe.prompt, addSpecialTokens: false, isStart: false)
    let moved = subject(" " + probe.prompt, spaced)
    for prefix in Self.prefixes(of: probe, model: model, settings: settings) {
      all.append(Variant(ids: prefix + spaced, subject: moved.map { prefix.count + $0 }))
    }
    for (prompt, ids) in zip(spec.positivePrompts, probe.positives).dropFirst() {
      all.append(Variant(ids: ids, subject: (try? probe.style.text(prompt)).flatMap { subject($0, ids) }))
    }
  }

  private static func room(behind probe: Probe, _ model: LanguageModel) -> Int {
    model.transformer.shape.positions - probe.targetIDs.count - 2
  }

  /// A chat's key prompt behind other turns, and with other words around it.
  private static func conversations(of probe: Probe, settings: CompilerSettings) -> [String] {
    guard case .chat(let form, _) = probe.style else { return [] }
    let own = probe.style.messages(probe.spec.prompt)
    let behind = form.openings(settings.prefixCount).map { $0 + own }
    let reworded = ChatForm.rewordings(own.last?.content ?? "").map { Array(own.dropLast()) + [ChatMessage(.user, $0)] }
    return (behind + reworded).compactMap { try? form.text($0) }
  }

  /// Texts to stand before the prompt: the spec's, else sentences about nothing in particular.
  static func prefixes(of probe: Probe, model: LanguageModel, settings: CompilerSettings) -> [[Int]] {
    if probe.style.isChat { return [] }
    let room = room(behind: probe, model) - probe.keyIDs.count
    let texts = probe.spec.prefixes.value ?? Array(SubjectTemplates.openings.prefix(settings.prefixCount))
    return texts.map { model.tokenizer.encode($0) }.filter { !$0.isEmpty && $0.count <= room }
  }
}
