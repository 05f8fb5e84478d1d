import Format
import Kernels

/// ∂L/∂a' at every site, a' being what leaves the site (memories added): (R, D) by site and layer.
package final class SiteGradients {
  private let matrices: [FloatMatrix]
  /// L = Σ −log p(target) over the given positions.
  package let loss: Float

  init(_ matrices: [FloatMatrix], loss: Float) {
    self.matrices = matrices
    self.loss = loss
  }

  package subscript(address: SiteAddress) -> FloatMatrix { matrices[address.index] }
}

/// A position whose next token should be `target`.
package struct LossTerm {
  package var row: Int
  package var target: Int
  package var weight: Float

  package init(row: Int, target: Int, weight: Float = 1) {
    self.row = row
    self.target = target
    self.weight = weight
  }
}

extension Transformer {
  /// The backward of a forward pass over `batch` that `tape` has kept, down to the sites of `lowestLayer`.
  ///
  /// L = Σ −weight · log p(target | row). Gradients flow through the batch's own rows; earlier tokens in caches are
  /// constants, so a batch of a prompt's last token alone gives that token's gradient at the cost of one row.
  package func gradients(
    _ batch: Batch, tape: Tape, losses: [LossTerm], lowestLayer: Int = 0
  ) -> SiteGradients {
    let rows = batch.rows
    let residual = FloatMatrix(rows, shape.width)
    residual.fill(0)
    let loss = lossGradient(tape, losses, into: residual)
    var matrices: [FloatMatrix] = []
    let normed = FloatMatrix(rows, shape.width)
    let queryKeyValue = FloatMatrix(rows, shape.queryKeyValueWidth)
    let hidden = FloatMatrix(rows, shape.hiddenWidth)
    for layer in (lowestLayer..<shape.layers).reversed() {
      let block = blocks[layer]
      let kept = tape.layers[layer]

      let feedForward = FloatMatrix(rows, shape.width(of: .mlp))
      block.feedForwardOutput.backward(
        residual.kernelRows(), rows: rows, into: feedForward.kernelRows(), pool: pool)
      let throughFeedForward = throughMemories(
        batch, SiteAddress(layer: layer, site: .mlp), kept.feedForward, feedForward)
      activationBackward(kept.hidden!, throughFeedForward, into: hidden)
      block.feedForwardInput.backward(hidden, rows: rows, into: normed, pool: pool)
      block.feedForwardNorm.backward(kept.middle, normed, rows: rows, addingTo: residual, pool: pool)

      let attention = FloatMatrix(rows, shape.width(of: .attn))
      block.attentionOutput.backward(
        residual.kernelRows(), rows: rows, into: attention.kernelRows(), pool: pool)
      let throughAttention = throughMemories(
        batch, SiteAddress(layer: layer, site: .attn), kept.attention, attention)
      Attention(shape).backward(
        batch, layer: layer, queryKeyValue: kept.queryKeyValue!, gradient: throughAttention,
        into: queryKeyValue,
        pool: pool)
      rotateBackward(batch, queryKeyValue)
      block.queryKeyValue.backward(queryKeyValue, rows: rows, into: normed, pool: pool)
      block.attentionNorm.backward(kept.residual, normed, rows: rows, addingTo: residual, pool: pool)

      matrices += [feedForward, attention]
    }
    let empty = (0..<(2 * lowestLayer)).map { _ in FloatMatrix(0, 0) }
    return SiteGradients(empty + matrices.reversed(), loss: loss)
  }

  /// ∂L/∂(final residual), added to `result`; returns L.
  private func lossGradient(_ tape: Tape, _ losses: [LossTerm], into result: FloatMatrix) -> Float {
    guard let final = tape.final else { return 0 }
    let logits = logits(final, rows: losses.map(\.row))
    var loss: Float = 0
    for (i, term) in losses.enumerated() {
      let row = logits.row(i)
      let normaliser = kernel_log_sum_exp(row, shape.vocabulary)
      loss += term.weight * (normaliser - row[term.target])
      for v in 0..<shape.vocabulary { row[v] -= normaliser }
      kernel_exp(row, shape.vocabulary, row)
      row[term.target] -= 1
      for v in 0..<shape.vocabulary { row[v] *= term.weight }
    }
    let normed = FloatMatrix(losses.count, shape.width)
    defer { withExtendedLifetime((logits, normed)) {} }
    head.backward(logits.kernelRows(), rows: losses.count, into: normed.kernelRows(), pool: pool)
    let picked = FloatMatrix(losses.count, shape.width)
    let gradient = FloatMatrix(losses.count, shape.width)
    gradient.fill(0)
    for (i, term) in losses.enumerated() {
      picked.row(i).update(from: final.row(term.row), count: shape.width)
    }
    finalNorm.backward(picked, normed, rows: losses.count, addingTo: gradient, pool: pool)
    for (i, term) in losses.enumerated() {
      kernel_add_scaled(result.row(term.row), gradient.row(i), 1, shape.width)
    }
    return loss
  }

  private func activationBackward(_ hidden: FloatMatrix, _ gradient: FloatMatrix, into result: FloatMatrix) {
    pool.runRanges(
      gradient.rows, grain: 2, ActivationBackward(model: self, hidden: hidden, gradient: gradient, result: result))
  }

  private struct ActivationBackward: RangeLoop {
    let model: Transformer
    let hidden: FloatMatrix
    let gradient: FloatMatrix
    let result: FloatMatrix

    func run(_ range: Range<Int>) {
      let (width, isGated) = (model.shape.feedForwardWidth, model.shape.isGated)
      for row in range {
        let (x, dx) = (hidden.row(row), result.row(row))
        kernel_activate_backward(
          model.activation, x, isGated ? x + width : nil, width, gradient.row(row), dx, isGated ? dx + width : nil)
      }
    }
  }

  /// ∂L/∂a from ∂L/∂a', in a copy where a memory is there to be passed.
  private func throughMemories(
    _ batch: Batch, _ address: SiteAddress, _ activations: FloatMatrix, _ gradient: FloatMatrix
  ) -> FloatMatrix {
    guard batch.sequences.contains(where: { $0.memories.blocks[address.index] != nil }) else {
      return gradient
    }
    let result = FloatMatrix(gradient.rows, gradient.width)
    result.copy(rows: gradient.rows, from: gradient)
    for sequence in batch.sequences {
      guard let block = sequence.memories.blocks[address.index] else { continue }
      for row in sequence.rows { block.backward(activations.row(row), result.row(row)) }
    }
    return result
  }

  private func rotateBackward(_ batch: Batch, _ gradient: FloatMatrix) {
    guard let rotary else { return }
    for row in 0..<batch.rows {
      for head in 0..<(shape.heads + shape.keyValueHeads) {
        rotary.rotate(
          gradient.row(row) + head * shape.headWidth, position: batch.position(ofRow: row), inverse: true)
      }
    }
  }
}
