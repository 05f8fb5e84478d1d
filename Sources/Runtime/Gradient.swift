import Format
import Kernels

/// ∂L/∂a' [R, D] at every address, a' being the activation with memories added.
package final class SiteGradients {
  private let matrices: [FloatMatrix]
  /// Weight times loss, per term.
  package let losses: [Float]

  init(_ matrices: [FloatMatrix], losses: [Float]) {
    self.matrices = matrices
    self.losses = losses
  }

  /// The sum over the terms.
  package var loss: Float { losses.reduce(0, +) }

  package subscript(address: SiteAddress) -> FloatMatrix { matrices[address.index] }
}

/// A loss of one row: the token or the distribution that should follow it.
package struct LossTerm {
  package enum Goal {
    /// −log p(token).
    case token(Int)
    /// KL(p ‖ q) of the model's q against p, given as a row of log-probabilities [n, V].
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

/// ∂L/∂logits in the place of logits [terms, V], and each term's share of the loss.
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

/// Matrices that a backward pass uses again in every block.
private struct BackwardBuffers {
  /// [R, C] ∂L/∂residual, from block to block.
  let residual: FloatMatrix
  let normed: FloatMatrix
  let queryKeyValue: FloatMatrix
  let hidden: FloatMatrix

  init(rows: Int, _ shape: ModelShape, residual: FloatMatrix) {
    self.residual = residual
    normed = FloatMatrix(rows, shape.width)
    queryKeyValue = FloatMatrix(rows, shape.queryKeyValueWidth)
    hidden = FloatMatrix(rows, shape.hiddenWidth)
  }
}

extension Transformer {
  /// The backward pass of a forward pass over `batch` that `tape` recorded, down to the site `lowest`.
  ///
  /// Gradients flow through the batch's own rows; earlier tokens in caches are constants, so a batch of a prompt's last
  /// token alone gives that token's gradient at the cost of one row.
  package func gradients(
    _ batch: Batch, tape: Tape, losses terms: [LossTerm],
    lowest: SiteAddress = SiteAddress(layer: 0, site: .attn)
  ) -> SiteGradients {
    let residual = FloatMatrix(batch.rows, shape.width)
    residual.fill(0)
    let losses = lossGradient(tape, terms, into: residual)
    let buffers = BackwardBuffers(rows: batch.rows, shape, residual: residual)
    // By `SiteAddress.index`, from the last site down.
    var matrices: [FloatMatrix] = []
    for layer in (lowest.layer..<shape.layers).reversed() {
      let end = layer == lowest.layer ? lowest.site : nil
      matrices += backward(batch, layer: layer, tape[layer], to: end, buffers)
    }
    let empty = (0..<lowest.index).map { _ in FloatMatrix(0, 0) }
    return SiteGradients(empty + matrices.reversed(), losses: losses)
  }

  /// The backward pass of one block: ∂L/∂(site) [R, D] of its feed-forward's site, then of its attention's.
  ///
  /// - Parameters:
  ///   - end: the site to stop at; nil goes on to the block's input, so that the buffers hold ∂L/∂residual before it.
  private func backward(
    _ batch: Batch, layer: Int, _ kept: Tape.Layer, to end: Site?, _ buffers: BackwardBuffers
  ) -> [FloatMatrix] {
    let (block, residual) = (blocks[layer], buffers.residual)
    let projected = outputBackward(residual, block.feedForwardOutputNorm, kept.projectedFeedForward, block)
    let feedForwardInput = block.isParallel ? kept.residual : kept.middle
    var feedForward = FloatMatrix(0, 0)
    switch block.feedForward {
    case .dense(let input, let output, _):
      feedForward = FloatMatrix(batch.rows, shape.width(of: .mlp))
      output.backward(projected.kernelRows(), rows: batch.rows, into: feedForward.kernelRows(), pool: pool)
      if end == .mlp { return [feedForward] }
      let throughFeedForward = throughMemories(
        batch, SiteAddress(layer: layer, site: .mlp), kept.feedForward, feedForward)
      activationBackward(kept.hidden!, throughFeedForward, into: buffers.hidden)
      input.backward(buffers.hidden.kernelRows(), rows: batch.rows, into: buffers.normed.kernelRows(), pool: pool)
    case .mixture(let mixture):
      mixtureBackward(mixture, block, input: feedForwardInput, projected, into: buffers.normed)
    }
    let attention = FloatMatrix(batch.rows, shape.width(of: .attn))
    func attentionOutputBackward() {
      let projected = outputBackward(residual, block.attentionOutputNorm, kept.projectedAttention, block)
      block.attentionOutput.backward(
        projected.kernelRows(), rows: batch.rows, into: attention.kernelRows(), pool: pool)
    }
    // The input of a parallel block's feed-forward has not been through the attention.
    if block.isParallel { attentionOutputBackward() }
    inputBackward(buffers.normed, block.feedForwardNorm, feedForwardInput, addingTo: residual)
    if !block.isParallel { attentionOutputBackward() }
    if end == nil { attentionBackward(batch, layer: layer, kept, attention, buffers) }
    return [feedForward, attention]
  }

  /// From the mixture's output to its input, behind the norm.
  private func mixtureBackward(
    _ mixture: Mixture, _ block: Block, input: FloatMatrix, _ gradient: FloatMatrix, into result: FloatMatrix
  ) {
    guard let shape = shape.mixture else { return }
    var normed = input
    if let norm = block.feedForwardNorm {
      normed = FloatMatrix(input.rows, input.width)
      norm.forward(input, rows: input.rows, into: normed, pool: pool)
    }
    mixture.backward(
      normed, gradient, rows: input.rows, activation: activation, shape: shape, into: result, pool: pool)
  }

  /// From the attention's site to the block's input.
  private func attentionBackward(
    _ batch: Batch, layer: Int, _ kept: Tape.Layer, _ gradient: FloatMatrix, _ buffers: BackwardBuffers
  ) {
    let block = blocks[layer]
    let throughAttention = throughMemories(batch, SiteAddress(layer: layer, site: .attn), kept.attention, gradient)
    Attention(shape, window: block.window).backward(
      batch, layer: layer, queryKeyValue: kept.queryKeyValue!, gradient: throughAttention,
      into: buffers.queryKeyValue, pool: pool)
    rotateBackward(batch, block, kept, buffers.queryKeyValue)
    block.queryKeyValue.backward(
      buffers.queryKeyValue.kernelRows(), rows: batch.rows, into: buffers.normed.kernelRows(), pool: pool)
    inputBackward(buffers.normed, block.attentionNorm, kept.residual, addingTo: buffers.residual)
  }

  /// The gradient of an output projection's result from ∂L/∂residual, through the norm behind it, whose input was
  /// `projected`, and the block's scale.
  private func outputBackward(
    _ residual: FloatMatrix, _ norm: Norm?, _ projected: FloatMatrix?, _ block: Block
  ) -> FloatMatrix {
    var gradient = residual
    if let norm, let projected {
      gradient = FloatMatrix(residual.rows, residual.width)
      gradient.fill(0)
      norm.backward(projected, residual, rows: residual.rows, addingTo: gradient, pool: pool)
    }
    guard block.residualScale != 1 else { return gradient }
    let scaled = FloatMatrix(gradient.rows, gradient.width)
    scaled.fill(0)
    kernel_add_scaled(scaled.values, gradient.values, block.residualScale, gradient.rows * gradient.width)
    return scaled
  }

  /// ∂L/∂x, added to `residual`, from ∂L/∂norm(x).
  private func inputBackward(
    _ gradient: FloatMatrix, _ norm: Norm?, _ x: FloatMatrix, addingTo residual: FloatMatrix
  ) {
    if let norm { return norm.backward(x, gradient, rows: x.rows, addingTo: residual, pool: pool) }
    for row in 0..<x.rows { kernel_add_scaled(residual.row(row), gradient.row(row), 1, x.width) }
  }

  /// Adds ∂L/∂(final residual) to `result`; returns each term's loss.
  private func lossGradient(_ tape: Tape, _ losses: [LossTerm], into result: FloatMatrix) -> [Float] {
    guard let final = tape.final else { return [] }
    let logits = logits(final, rows: losses.map(\.row))
    let capped = logitCap == nil ? nil : logits.copied()
    var values = [Float](repeating: 0, count: losses.count)
    values.withUnsafeMutableBufferPointer {
      guard let first = $0.baseAddress else { return }
      pool.run(losses.count, LossLoop(terms: losses, logits: logits, losses: first))
    }
    if let capped, let logitCap {
      kernel_soft_cap_backward(capped.values, losses.count * logits.width, logitCap, logits.values)
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

  /// ∂L/∂a from ∂L/∂a'; a copy where any memory stands at the address.
  private func throughMemories(
    _ batch: Batch, _ address: SiteAddress, _ activations: FloatMatrix, _ gradient: FloatMatrix
  ) -> FloatMatrix {
    guard batch.sequences.contains(where: { $0.memories.blocks[address.index] != nil }) else {
      return gradient
    }
    let result = FloatMatrix(gradient.rows, gradient.width)
    result.copy(rows: gradient.rows, from: gradient)
    for (index, sequence) in batch.sequences.enumerated() {
      guard let block = sequence.memories.blocks[address.index] else { continue }
      let presence = block.gated == nil ? nil : batch.presence(ofSequence: index)
      for row in sequence.rows {
        block.backward(
          activations.row(row), result.row(row), position: batch.position(ofRow: row), presence: presence)
      }
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
