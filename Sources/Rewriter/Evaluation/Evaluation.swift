import Format
import Foundation
import Runtime

/// What happened to one prompt of a spec.
public struct PromptResult: Sendable, Equatable {
  public enum Role: String, Sendable {
    case key, positive, negative
    case heldOutPositive = "held-out positive"
    case heldOutNegative = "held-out negative"

    public var isPositive: Bool { self != .negative && self != .heldOutNegative }
    public var isHeldOut: Bool { self == .heldOutPositive || self == .heldOutNegative }
  }

  public var prompt: String
  public var role: Role
  /// Greedy continuations.
  public var before: String
  public var after: String
  /// A positive goes on with the target; a negative as the base model does.
  public var holds: Bool
  /// (a · k) / ‖k‖² of the memory's first row on the base model: at the prompt's last token, or, for a row that was not
  /// made from the key prompt's last token, at the token where it is nearest to 1.
  public var similarity: Float
  /// Where memories acted on the prompt and its continuation, tokens counted from the prompt's first.
  public var firings: [Firing]
  /// Whether the logits behind the prompt are the base model's to the bit.
  public var isIdentical: Bool
  /// log p of the target's first token behind the prompt, in the base model and the patched one.
  public var targetBefore: Float
  public var targetAfter: Float

  public var fired: Bool { !firings.isEmpty }
}

/// The prompts of one memory on the patched model.
public struct MemoryResult: Sendable, Equatable {
  public var prompts: [PromptResult]

  public func count(positive: Bool, heldOut: Bool = false) -> (holding: Int, of: Int) {
    let chosen = prompts.filter { $0.role.isPositive == positive && $0.role.isHeldOut == heldOut }
    return (chosen.count(where: \.holds), chosen.count)
  }

  public var keyHolds: Bool { prompts.first?.holds ?? false }

  /// - Parameters:
  ///   - similarities: of the prompts to the memory's first row, from `similarities(_:rows:transformer:)`.
  ///   - memories: what the patched model applies, this memory's rows among it.
  init(_ probe: Probe, similarities: [Float], memories: MemorySet, model: LanguageModel) {
    let spec = probe.spec
    let after = Continuations(
      of: probe.prompts, count: max(Probe.continuationCount, probe.targetIDs.count), memories: memories,
      model: model)
    let roles =
      [PromptResult.Role.key] + probe.positives.dropFirst().map { _ in .positive }
      + probe.negatives.map { _ in .negative }
      + probe.heldOutPositives.map { _ in .heldOutPositive }
      + probe.heldOutNegatives.map { _ in .heldOutNegative }
    func logprob(_ logits: [Float]) -> Float {
      let most = logits.max() ?? 0
      let value = logits[probe.targetIDs[0]] - most - log(logits.reduce(0) { $0 + exp($1 - most) })
      // A delta beyond all measure leaves no numbers; results must still be equal to themselves.
      return value.isNaN ? -.infinity : value
    }
    let texts = spec.positivePrompts + spec.negatives + spec.heldOutPositives + spec.heldOutNegatives
    prompts = roles.indices.map { i in
      PromptResult(
        prompt: texts[i], role: roles[i], before: model.tokenizer.decode(probe.base.ids[i]),
        after: model.tokenizer.decode(after.ids[i]),
        holds: roles[i].isPositive
          ? after.ids[i].starts(with: probe.targetIDs) : after.ids[i] == probe.base.ids[i],
        similarity: similarities[i], firings: after.firings[i],
        isIdentical: zip(after.logits[i], probe.base.logits[i]).allSatisfy { $0.bitPattern == $1.bitPattern },
        targetBefore: logprob(probe.base.logits[i]), targetAfter: logprob(after.logits[i]))
    }
  }

  /// `PromptResult.similarity` of each prompt, the key prompt first.
  static func similarities(_ prompts: [[Int]], rows: [MemoryRow], transformer: Transformer) -> [Float] {
    guard let row = rows.first, let address = transformer.address(ofModule: row.module) else {
      return [Float](repeating: 0, count: prompts.count)
    }
    let squared = row.key.reduce(Float(0)) { $0 + $1 * $1 }
    let (activations, sequences) = transformer.activations(prompts, address)
    let isLast = row.position == (prompts.first?.count ?? 0) - 1
    return sequences.map { rows in
      let similarities = (isLast ? rows.suffix(1) : rows).map { token in
        (0..<row.key.count).reduce(Float(0)) { $0 + activations.row(token)[$1] * row.key[$1] } / squared
      }
      return similarities.min { abs(1 - $0) < abs(1 - $1) } ?? 0
    }
  }
}

extension Transformer {
  /// The base model's activations at a site (R, D), and each sequence's rows.
  func activations(_ sequences: [[Int]], _ address: SiteAddress) -> (FloatMatrix, [Range<Int>]) {
    let batch = Batch([], shape: shape, capacity: sequences.reduce(0) { $0 + $1.count })
    for ids in sequences {
      let rows = batch.rows..<(batch.rows + ids.count)
      batch.append(.init(rows: rows, position: 0, cache: nil, appends: false, memories: .none(of: self)))
    }
    embed(sequences, batch)
    forward(batch, layers: 0..<address.layer)
    attend(batch, layer: address.layer)
    if address.site == .mlp {
      projectAttention(batch, layer: address.layer)
      expand(batch, layer: address.layer)
    }
    return (batch.site(address.site), batch.sequences.map(\.rows))
  }
}
