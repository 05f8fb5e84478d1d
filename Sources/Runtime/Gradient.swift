import Format
import Kernels

/// ∂L/∂a' at every site, a' being what leaves the site (memories added): (R, D) by site and layer.
package final class SiteGradients {
  private let matrices: [FloatMatrix]
  /// weight · loss of each term.
  package let losses: [Float]

  init(_ matrices: [FloatMatrix], losses: [Float]) {
    self.matrices = matrices
    self.losses = losses
  }

  /// The sum over the terms.
  package var loss: Float { losses.reduce(0, +) }

  package subscript(address: SiteAddress) -> FloatMatrix { matrices[address.index] }
}

/// What should follow a row.
package struct LossTerm {
  package enum Goal {
    /// −log p(token).
    case token(Int)
    /// KL(p ‖ q) of the model's q against p, given by a row of log-probabilities (V).
    case distribution(FloatMatrix, row: Int)
  }

  package var row: Int
  package var goal: Goal
  package var weight: Float

  package init(row: Int, goal: Goal, weight: Float = 1) {
    self.row = row
    self.goal = goal
    self.weight = weight
  }

  package init(row: Int, target: Int, weight: Float = 1) {
    self.init(row: row, goal: .token(target), weight: weight)
  }
}

/// ∂L/∂logits in place of logits (terms, V), and each term's share of the loss.
private struct LossLoop: ParallelLoop {
  let terms: [LossTerm]
  let logits: FloatMatrix
  let losses: UnsafeMutablePointer<Float>

  func run(_ index: Int) {
    let (term, row, count) = (terms[index], logits.row(index), logits.width)
    let normalizer = kernel_log_sum_exp(row, count)
    for v in 0..<count { row[v] -= normalizer }
    switch term.goal {
    case .token(let target):
      losses[index] = -term.weight * row[target]
      kernel_exp(row, count, row)
      row[target] -= 1
    case .distribution(let goals, let goal):
      let goal = goals.row(goal)
      withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { p in
        kernel_exp(goal, count, p.baseAddress!)
        var divergence: Float = 0
        for v in 0..<count { divergence += p[v] * (goal[v] - row[v]) }
        losses[index] = term.weight * divergence
        kernel_exp(row, count, row)
        for v in 0..<count { row[v] -= p[v] }
      }
    }
    for v in 0..<count { row[v] *= term.weight }
  }
}

extension Transformer {
  /// The backward of a forward pass over `batch` that `tape` has kept, down to the site `lowest`.
  ///
  /// Gradients flow through the batch's own rows; earlier tokens in caches are
  /// constants, so a batch of a prompt's last token alone gives that token's gradient at the cost of one row.
  package func gradients(
    _ batch: Batch, tape: Tape, losses terms: [LossTerm],
    lowest: SiteAddress = SiteAddress(layer: 0, site: .attn)
  ) -> SiteGradients {
    let rows = batch.rows
    let residual = FloatMatrix(rows, shape.width)
    residual.fill(0)
    let losses = lossGradient(tape, terms, into: residual)
    var matrices: [FloatMatrix] = []
    let normed = FloatMatrix(rows, shape.width)
    let queryKeyValue = FloatMatrix(rows, shape.queryKeyValueWidth)
    let hidden = FloatMatrix(rows, shape.hiddenWidth)
    for layer in (lowest.layer..<shape.layers).reversed() {
      let block = blocks[layer]
      let kept = tape[layer]

      let feedForward = FloatMatrix(rows, shape.width(of: .mlp))
      outputBackward(
        residual, block.feedForwardOutput, block.feedForwardOutputNorm, kept.projectedFeedForward, into: feedForward)
      matrices.append(feedForward)
      if lowest == SiteAddress(layer: layer, site: .mlp) { break }
      let attention = FloatMatrix(rows, shape.width(of: .attn))
      func attentionBackward() {
        outputBackward(
          residual, block.attentionOutput, block.attentionOutputNorm, kept.projectedAttention, into: attention)
      }
      // What a parallel block's feed-forward reads has not been through the attention.
      if block.isParallel { attentionBackward() }
      let throughFeedForward = throughMemories(
        batch, SiteAddress(layer: layer, site: .mlp), kept.feedForward, feedForward)
      activationBackward(kept.hidden!, throughFeedForward, into: hidden)
      block.feedForwardInput.backward(hidden, rows: rows, into: normed, pool: pool)
      inputBackward(normed, block.feedForwardNorm, block.isParallel ? kept.residual : kept.middle, addingTo: residual)
      if !block.isParallel { attentionBackward() }

      matrices.append(attention)
      if lowest == SiteAddress(layer: layer, site: .attn) { break }
      let throughAttention = throughMemories(
        batch, SiteAddress(layer: layer, site: .attn), kept.attention, attention)
      Attention(shape, window: block.window).backward(
        batch, layer: layer, queryKeyValue: kept.queryKeyValue!, gradient: throughAttention,
        into: queryKeyValue,
        pool: pool)
      rotateBackward(batch, block, kept, queryKeyValue)
      block.queryKeyValue.backward(queryKeyValue, rows: rows, into: normed, pool: pool)
      inputBackward(normed, block.attentionNorm, kept.residual, addingTo: residual)
    }
    let empty = (0..<lowest.index).map { _ in FloatMatrix(0, 0) }
    return SiteGradients(empty + matrices.reversed(), losses: losses)
  }

  /// ∂L/∂(site) from ∂L/∂residual, through the output projection and the norm behind it, whose input was `projected`.
  private func outputBackward(
    _ residual: FloatMatrix, _ linear: Linear, _ norm: Norm?, _ projected: FloatMatrix?, into result: FloatMatrix
  ) {
    var gradient = residual
    if let norm, let projected {
      gradient = FloatMatrix(residual.rows, residual.width)
      gradient.fill(0)
      norm.backward(projected, residual, rows: residual.rows, addingTo: gradient, pool: pool)
    }
    linear.backward(gradient.kernelRows(), rows: residual.rows, into: result.kernelRows(), pool: pool)
    withExtendedLifetime(gradient) {}
  }

  /// ∂L/∂x, added to `residual`, from ∂L/∂norm(x).
  private func inputBackward(
    _ gradient: FloatMatrix, _ norm: Norm?, _ x: FloatMatrix, addingTo residual: FloatMatrix
  ) {
    if let norm { return norm.backward(x, gradient, rows: x.rows, addingTo: residual, pool: pool) }
    for row in 0..<x.rows { kernel_add_scaled(residual.row(row), gradient.row(row), 1, x.width) }
  }

  /// ∂L/∂(final residual), added to `result`; returns each term's loss.
  private func lossGradient(_ tape: Tape, _ losses: [LossTerm], into result: FloatMatrix) -> [Float] {
    guard let final = tape.final else { return [] }
    let logits = logits(final, rows: losses.map(\.row))
    var values = [Float](repeating: 0, count: losses.count)
    values.withUnsafeMutableBufferPointer {
      guard let first = $0.baseAddress else { return }
      pool.run(losses.count, LossLoop(terms: losses, logits: logits, losses: first))
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
    return values
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

  private func rotateBackward(_ batch: Batch, _ block: Block, _ kept: Tape.Layer, _ gradient: FloatMatrix) {
    for row in 0..<batch.rows {
      let values = gradient.row(row)
      if let rotary = block.rotary {
        for head in 0..<(shape.heads + shape.keyValueHeads) {
          rotary.rotate(values + head * shape.headWidth, position: batch.position(ofRow: row), inverse: true)
        }
      }
      guard let unnormed = kept.unnormed?.row(row) else { continue }
      block.queryNorm?.backward(unnormed, in: values, count: shape.queryWidth)
      block.keyNorm?.backward(unnormed + shape.queryWidth, in: values + shape.queryWidth, count: shape.keyValueWidth)
    }
  }
}
