import Kernels

extension Transformer {
  /// Runs `batch` through all blocks for the final residual of each sequence's last row [sequences, C].
  ///
  /// Nothing attends to the other rows of the last block, so they are left out there, unless a memory could act on them
  /// and be reported.
  package func forwardLastRows(_ batch: Batch) -> FloatMatrix {
    let last = shape.layers - 1
    let count = batch.sequences.count
    if batch.rows == count {
      forward(batch)
      return batch.residual
    }
    let addresses = Site.allCases.map { SiteAddress(layer: last, site: $0) }
    if batch.sequences.contains(where: { sequence in addresses.contains { sequence.memories[$0] != nil } }) {
      forward(batch)
      let result = FloatMatrix(count, shape.width)
      for (i, sequence) in batch.sequences.enumerated() {
        result.row(i).update(from: batch.residual.row(sequence.rows.upperBound - 1), count: shape.width)
      }
      return result
    }
    let address = SiteAddress(layer: last, site: .attn)
    forward(batch, to: address)
    // No memory stands at the sites that are left.
    let rest = Batch([], shape: shape, capacity: count)
    for (i, sequence) in batch.sequences.enumerated() {
      let row = sequence.rows.upperBound - 1
      rest.append(
        .init(
          rows: i..<(i + 1), position: batch.position(ofRow: row), cache: nil, appends: false,
          memories: noMemories))
      rest.residual.row(i).update(from: batch.residual.row(row), count: shape.width)
      rest.attention.row(i).update(from: batch.attention.row(row), count: rest.attention.width)
    }
    forward(rest, from: address)
    return rest.residual
  }

  /// Logits [rows.count, V] of the given residual rows.
  package func logits(_ residual: FloatMatrix, rows: some Collection<Int>) -> FloatMatrix {
    let buffers = LogitBuffers(rows: rows.count, shape)
    logits(residual, rows: rows, into: buffers)
    return buffers.logits
  }

  /// Logits of the given residual rows, at most as many as `buffers` has.
  package func logits(_ residual: FloatMatrix, rows: some Collection<Int>, into buffers: LogitBuffers) {
    let count = rows.count
    for (i, row) in rows.enumerated() {
      buffers.picked.row(i).update(from: residual.row(row), count: shape.width)
    }
    finalNorm.forward(buffers.picked, rows: count, into: buffers.normed, pool: pool)
    head.forward(
      buffers.normed.kernelRows(), rows: count, into: buffers.logits.kernelRows(), pool: pool)
    if let logitCap { pool.run(count, CapLoop(logits: buffers.logits, cap: logitCap)) }
  }

  private struct CapLoop: ParallelLoop {
    let logits: FloatMatrix
    let cap: Float

    func run(_ row: Int) { kernel_soft_cap(logits.row(row), logits.width, cap) }
  }
}

/// The matrices that logits are computed in, kept by callers that ask for them again and again.
package final class LogitBuffers {
  fileprivate let picked: FloatMatrix
  fileprivate let normed: FloatMatrix
  /// [R, V]
  package let logits: FloatMatrix

  package init(rows: Int, _ shape: ModelShape) {
    picked = FloatMatrix(rows, shape.width)
    normed = FloatMatrix(rows, shape.width)
    logits = FloatMatrix(rows, shape.vocabulary)
  }
}
