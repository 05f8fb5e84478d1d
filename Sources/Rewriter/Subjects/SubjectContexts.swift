import Format
import Foundation
import Runtime

/// The contexts of a memory at its subject, and the prompts that it should not act on.
struct SubjectContexts {
  /// The key prompt first.
  private(set) var contexts: [Context] = []
  /// The prompts' items of the spec's negatives in which the subject does not stand.
  private(set) var apart: [Int] = []

  private let probe: Probe
  private let model: LanguageModel
  private let settings: CompilerSettings
  private var spec: MemorySpec { probe.spec }

  /// - Returns: nil where the key prompt has no such token.
  init?(
    _ probe: Probe, _ prompts: ForcedPrompts, related: [RelatedMemory], model: LanguageModel, settings: CompilerSettings
  ) {
    (self.probe, self.model, self.settings) = (probe, model, settings)
    guard let own = token(probe.prompt, probe.keyIDs) else { return nil }

    contexts = positives(own).sharing(1)
    // What related memories say stays said.
    contexts += related.filter { !$0.rows.isEmpty }.map {
      Context($0.ids, token: $0.token, target: $0.targetIDs, behindWeight: settings.behindWeight)
    }
    contexts += otherPrompts().sharing(settings.unchangedWeight)
    var negatives: [Context] = []
    for (i, item) in prompts.items.enumerated() where !item.isPositive {
      let ids = Array(prompts.ids(i).prefix(item.promptCount))
      let text = probe.negatives.firstIndex(of: ids).flatMap { try? probe.style.text(spec.negatives[$0]) } ?? ""
      if let token = token(text, ids) {
        negatives.append(Context(unchanged: prompts.ids(i), token: token, promptCount: item.promptCount))
      } else {
        apart.append(i)
      }
    }
    contexts += negatives.sharing(settings.negativeWeight)
  }

  /// The token of a prompt that the memory acts on.
  private func token(_ text: String, _ ids: [Int]) -> Int? {
    if case .index(let i) = spec.token {
      guard ids == probe.keyIDs else { return nil }
      let token = i < 0 ? ids.count + i : i
      return ids.indices.contains(token) ? token : nil
    }
    return spec.subject.flatMap { model.tokenizer.lastToken(of: $0, in: text, ids: ids) }
  }

  /// The key prompt alone and behind other text, and the spec's positives in which the token stands.
  private func positives(_ own: Int) -> [Context] {
    // So that the target is not said again and again.
    let after = Array(probe.after.prefix(settings.behindLength))
    var result = [positive(probe.keyIDs, token: own, after: after)]
    let spaced = model.tokenizer.encode(" " + probe.prompt, addSpecialTokens: false, isStart: false)
    // Behind a text the first word may be cut otherwise.
    let moved =
      spec.subject.map { model.tokenizer.lastToken(of: $0, in: " " + probe.prompt, ids: spaced) }
      ?? (spaced.count - (probe.keyIDs.count - own))
    if let moved, moved >= 0 {
      for prefix in PromptVariants.prefixes(of: probe, model: model, settings: settings) {
        result.append(positive(prefix + spaced, token: prefix.count + moved))
      }
    }
    for (prompt, ids) in zip(spec.positivePrompts, probe.positives).dropFirst() {
      if let text = try? probe.style.text(prompt), let token = token(text, ids) {
        result.append(positive(ids, token: token))
      }
    }
    return result
  }

  private func positive(_ ids: [Int], token: Int, after: [Int] = []) -> Context {
    Context(ids, token: token, target: probe.targetIDs, after: after, behindWeight: settings.behindWeight)
  }

  /// The key prompt about other subjects, with the last token of each name, which the key should not take for its own.
  func lookalikes() -> [(ids: [Int], token: Int)] {
    guard let subject = spec.subject else { return [] }
    return SubjectTemplates.names(like: subject).compactMap { name in
      let text = probe.prompt.replacingOccurrences(of: subject, with: name)
      let ids = probe.style.encode(text, model.tokenizer)
      guard ids.count < model.transformer.shape.positions else { return nil }
      return model.tokenizer.lastToken(of: name, in: text, ids: ids).map { (ids, $0) }
    }
  }

  /// Sentences that ask something else about the subject.
  private func otherPrompts() -> [Context] {
    guard let subject = spec.subject else { return [] }
    return SubjectTemplates.all.prefix(settings.otherSentences).compactMap { template in
      let text = SubjectTemplates.filled(template, with: subject)
      let ids = model.tokenizer.encode(text)
      guard ids.count < model.transformer.shape.positions, let token = token(text, ids) else { return nil }
      return Context(unchanged: ids, token: token, promptCount: ids.count)
    }
  }
}
