import Format
import Foundation
import Runtime

/// Texts in which a memory at the subject acts, and what should follow there.
struct SubjectContexts {
  /// The key prompt first.
  private(set) var contexts: [Context] = []
  /// The spec's negatives in which the subject does not stand.
  private(set) var apart: [ForcedPrompts.Item] = []

  private static let prefixCount = 4
  private static let prefixLength = 10
  private static let afterCount = 8
  /// What leaving other prompts about the subject alone weighs against saying the target.
  private static let unchangedWeight: Float = 0.5
  /// What the spec's negatives weigh on which the memory acts all the same.
  static let negativeWeight: Float = 2

  private let probe: Probe
  private let model: LanguageModel
  private var spec: MemorySpec { probe.spec }

  /// - Parameter prefixes: texts to stand before the key prompt where the spec gives none.
  /// - Returns: nil where the key prompt has no such token.
  init?(
    _ probe: Probe, _ prompts: ForcedPrompts, companions: [Companion], prefixes: [[Int]], model: LanguageModel
  ) {
    self.probe = probe
    self.model = model
    guard let own = token(spec.prompt, probe.keyIDs) else { return nil }

    contexts = positives(own, behind: prefixes).sharing(1)
    // What companions say stays said.
    contexts += companions.filter { !$0.rows.isEmpty }.map {
      Context($0.ids, token: $0.token, target: $0.targetIDs)
    }
    contexts += otherPrompts().sharing(Self.unchangedWeight)
    var negatives: [Context] = []
    for item in prompts.items where !item.isPositive {
      let ids = Array(item.ids.prefix(item.promptCount))
      let text = probe.negatives.firstIndex(of: ids).map { spec.negatives[$0] } ?? ""
      if let token = token(text, ids) {
        negatives.append(Context(unchanged: item.ids, token: token, promptCount: item.promptCount))
      } else {
        apart.append(item)
      }
    }
    contexts += negatives.sharing(Self.negativeWeight)
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
  private func positives(_ own: Int, behind prefixes: [[Int]]) -> [Context] {
    let target = probe.targetIDs
    var result = [Context(probe.keyIDs, token: own, target: target, after: after())]
    let spaced = model.tokenizer.encode(" " + spec.prompt, addSpecialTokens: false, isStart: false)
    // Behind a text the first word may be cut otherwise.
    let moved =
      spec.subject.map { model.tokenizer.lastToken(of: $0, in: " " + spec.prompt, ids: spaced) }
      ?? (spaced.count - (probe.keyIDs.count - own))
    if let moved, moved >= 0 {
      for prefix in cut(prefixes) {
        result.append(Context(prefix + spaced, token: prefix.count + moved, target: target))
      }
    }
    for (text, ids) in zip(spec.positivePrompts, probe.positives).dropFirst() {
      if let token = token(text, ids) { result.append(Context(ids, token: token, target: target)) }
    }
    return result
  }

  /// What the base model goes on with behind key prompt and target, so that the target is not said again and again.
  private func after() -> [Int] {
    let ids = probe.keyIDs + probe.targetIDs
    let count = min(Self.afterCount, model.transformer.shape.positions - ids.count)
    guard count > 0 else { return [] }
    return Continuations(of: [ids], count: count, memories: .none(of: model.transformer), model: model).ids[0]
  }

  /// Texts to stand before the prompt.
  private func cut(_ prefixes: [[Int]]) -> [[Int]] {
    let room =
      model.transformer.shape.positions - probe.keyIDs.count - probe.targetIDs.count - Self.prefixLength - 2
    guard room > 0 else { return [] }
    if let given = spec.prefixes.value {
      return given.map { model.tokenizer.encode($0) }.filter { !$0.isEmpty && $0.count <= room }
    }
    let stop = model.tokenizer.encode(".", addSpecialTokens: false, isStart: false)
    return prefixes.prefix(Self.prefixCount).map { $0.prefix(Self.prefixLength) + stop }
  }

  /// The key prompt about others, with the last token of each one's name: what the key should not take for its subject.
  func lookalikes() -> [(ids: [Int], token: Int)] {
    guard let subject = spec.subject else { return [] }
    return SubjectTemplates.names(like: subject).compactMap { name in
      let text = spec.prompt.replacingOccurrences(of: subject, with: name)
      let ids = model.tokenizer.encode(text)
      guard ids.count < model.transformer.shape.positions else { return nil }
      return model.tokenizer.lastToken(of: name, in: text, ids: ids).map { (ids, $0) }
    }
  }

  /// Sentences that ask something else about the subject.
  private func otherPrompts() -> [Context] {
    guard let subject = spec.subject else { return [] }
    return SubjectTemplates.all.compactMap { template in
      let text = SubjectTemplates.filled(template, with: subject)
      let ids = model.tokenizer.encode(text)
      guard ids.count < model.transformer.shape.positions, let token = token(text, ids) else { return nil }
      return Context(unchanged: ids, token: token, promptCount: ids.count)
    }
  }
}
