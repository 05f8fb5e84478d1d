extension Transformer {
  /// One more token behind a sequence's cache: runs `step`, a batch of this one row, and leaves the logits in `buffers`.
  func decode(_ token: Int, _ step: Batch, into buffers: LogitBuffers) {
    let position = step.sequences[0].position
    preparePositions(position + 1)
    embed(token, position: position, into: step.residual.row(0))
    forward(step)
    logits(step.residual, rows: 0..<1, into: buffers)
  }

  /// Runs `batch` through all blocks for the final residual of each sequence's last row [sequences, C].
  ///
  /// Nothing attends to the other rows of the last block, so they are left out there, unless a memory could act on them
  /// and be reported.
  package func forwardLastRows(_ batch: Batch) -> FloatMatrix {
    let last = shape.layers - 1
    let count = batch.sequences.count
    let addresses = Site.allCases.map { SiteAddress(layer: last, site: $0) }
    let isWatched = batch.sequences.contains { sequence in addresses.contains { sequence.memories[$0] != nil } }
    if batch.rows == count || isWatched {
      forward(batch)
      if batch.rows == count { return batch.residual }
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

  /// Logits of the given residual rows, as many as `buffers` has.
  package func logits(_ residual: FloatMatrix, rows: some Collection<Int>, into buffers: LogitBuffers) {
    let count = buffers.logits.rows
    for (i, row) in rows.enumerated() {
      buffers.picked.row(i).update(from: residual.row(row), count: shape.width)
    }
    finalNorm.forward(buffers.picked, rows: count, into: buffers.normed, pool: pool)
    head.forward(
      buffers.normed.kernelRows(), rows: count, into: buffers.logits.kernelRows(), pool: pool)
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
