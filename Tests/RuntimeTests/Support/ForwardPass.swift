@testable import Format
@testable import Runtime

extension Transformer {
  /// One sequence without a cache, embedded.
  func singleBatch(_ ids: [Int], memories: MemorySet? = nil) -> Batch {
    let batch = Batch(
      [.init(rows: 0..<ids.count, position: 0, cache: nil, appends: false, memories: memories ?? noMemories)],
      shape: shape)
    embed([ids], batch)
    return batch
  }

  /// The logits [rows, V] that a prompt's tokens have, computed as one batch.
  func logits(of ids: [Int], rows: some Collection<Int>, memories: MemorySet? = nil) -> FloatMatrix {
    let batch = singleBatch(ids, memories: memories)
    forward(batch)
    return logits(batch.residual, rows: rows)
  }

  /// The gradients of −log p(target) behind a prompt's last token.
  func gradients(of ids: [Int], target: Int, memories: MemorySet? = nil) -> SiteGradients {
    let batch = singleBatch(ids, memories: memories)
    let tape = Tape(forBackward: true)
    forward(batch, tape: tape)
    return gradients(batch, tape: tape, losses: [LossTerm(row: ids.count - 1, target: target)])
  }
}
