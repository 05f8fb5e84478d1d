import Kernels

extension Mixture {
  /// The backward of `forward`: d_x [R, C] from d_y [R, C].
  ///
  /// What the forward computed on the way is computed again from x. The choice of experts counts as a constant.
  func backward(
    _ x: FloatMatrix, _ dy: FloatMatrix, rows: Int, activation: kernel_activation, shape: MixtureShape,
    into dx: FloatMatrix, pool: WorkerPool
  ) {
    let slots = ExpertRows(rows: rows, width: x.width, shape: shape)
    expand(x, rows: rows, in: slots, pool: pool)
    let factors = FloatMatrix(slots.count, 1)
    for slot in 0..<slots.count { factors.values[slot] = slots.weight(ofSlot: slot) }
    pool.runRanges(slots.count, grain: 16, Gathering(slots: slots, x: dy, values: slots.values))
    let activations = FloatMatrix(slots.count, shape.width)
    backward(slots.values, through: outputs, into: activations, slots, pool)
    let hidden = FloatMatrix(slots.count, slots.hidden.width)
    pool.runRanges(
      slots.count, grain: 2,
      GateBackward(
        activation: activation, hidden: slots.hidden, gradient: activations, factors: factors, result: hidden))
    backward(hidden, through: inputs, into: slots.values, slots, pool)
    pool.runRanges(
      rows, grain: 4, ChoiceBackward(slots: slots, normalizesWeights: normalizesWeights, factors: factors))
    router.backward(slots.probabilities.kernelRows(), rows: rows, into: dx.kernelRows(), pool: pool)
    pool.runRanges(rows, grain: 4, SlotSum(slots: slots, dx: dx))
    shared?.backward(x, dy, rows: rows, activation: activation, in: slots, addingTo: dx, pool: pool)
  }

  /// d_x of each slot from its d_y.
  private func backward(
    _ dy: FloatMatrix, through groups: [LinearGroup], into dx: FloatMatrix, _ slots: ExpertRows, _ pool: WorkerPool
  ) {
    for (index, expert) in slots.active.enumerated() {
      let own = slots.slots(ofActive: index)
      groups[expert].backward(
        dy.kernelRows(from: own.lowerBound), rows: own.count, into: dx.kernelRows(from: own.lowerBound), pool: pool)
    }
  }

  /// From the gradients of the weights, by slot, to those of the router's logits, in the place of the probabilities.
  private struct ChoiceBackward: RangeLoop {
    let slots: ExpertRows
    let normalizesWeights: Bool
    let factors: FloatMatrix

    func run(_ range: Range<Int>) {
      let chosen = slots.shape.chosen
      for row in range {
        let (p, weights) = (slots.probabilities.row(row), slots.weights.row(row))
        func gradient(_ k: Int) -> Float { factors.values[slots.slots[row * chosen + k]] }
        // Probabilities or, among the chosen experts alone, the weights are a softmax of the logits.
        let mean = (0..<chosen).reduce(Float(0)) { $0 + weights[$1] * gradient($1) }
        for expert in 0..<slots.shape.experts { p[expert] = normalizesWeights ? 0 : -p[expert] * mean }
        for k in 0..<chosen {
          p[slots.choices[row * chosen + k]] += weights[k] * (normalizesWeights ? gradient(k) - mean : gradient(k))
        }
      }
    }
  }

  /// Adds each row's slots.
  private struct SlotSum: RangeLoop {
    let slots: ExpertRows
    let dx: FloatMatrix

    func run(_ range: Range<Int>) {
      let chosen = slots.shape.chosen
      for row in range {
        for k in 0..<chosen {
          kernel_add_scaled(dx.row(row), slots.values.row(slots.slots[row * chosen + k]), 1, dx.width)
        }
      }
    }
  }
}

extension Mixture.SharedExpert {
  /// The backward of `forward`: d_x [R, C], added to, from d_y [R, C].
  fileprivate func backward(
    _ x: FloatMatrix, _ dy: FloatMatrix, rows: Int, activation: kernel_activation, in slots: ExpertRows,
    addingTo dx: FloatMatrix, pool: WorkerPool
  ) {
    expand(x, rows: rows, in: slots, pool: pool)
    let activations = FloatMatrix(rows, output.inputs)
    output.backward(dy.kernelRows(), rows: rows, into: activations.kernelRows(), pool: pool)
    let (factors, hidden) = (slots.sharedWeight.copied(), FloatMatrix(rows, slots.sharedHidden.width))
    pool.runRanges(
      rows, grain: 2,
      GateBackward(
        activation: activation, hidden: slots.sharedHidden, gradient: activations, factors: factors, result: hidden))
    input.backward(hidden.kernelRows(), rows: rows, into: slots.shared.kernelRows(), pool: pool)
    for row in 0..<rows {
      kernel_add_scaled(dx.row(row), slots.shared.row(row), 1, dx.width)
      let factor = slots.sharedWeight.values[row]
      factors.values[row] *= factor * (1 - factor)
    }
    gate.backward(factors.kernelRows(), rows: rows, accumulate: true, into: dx.kernelRows(), pool: pool)
    withExtendedLifetime((activations, factors, hidden)) {}
  }
}

/// The backward of a gated activation h and of the factor f of the output that it is multiplied to: from ∂L/∂h by
/// factor 1, g, to f g ∂h / ∂(gate, up), and to ∂L/∂f = g · h in the place of f.
private struct GateBackward: RangeLoop {
  let activation: kernel_activation
  /// Gate and up [R, 2 F].
  let hidden: FloatMatrix
  /// g [R, F], scaled by f.
  let gradient: FloatMatrix
  /// f [R, 1].
  let factors: FloatMatrix
  /// [R, 2 F]
  let result: FloatMatrix

  func run(_ range: Range<Int>) {
    let width = gradient.width
    withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { activated in
      let activated = activated.baseAddress!
      for row in range {
        let (gate, g, target) = (hidden.row(row), gradient.row(row), result.row(row))
        kernel_activate(activation, gate, gate + width, width, activated)
        let along = kernel_dot_product(g, activated, width)
        for i in 0..<width { g[i] *= factors.values[row] }
        factors.values[row] = along
        kernel_activate_backward(activation, gate, gate + width, width, g, target, target + width)
      }
    }
  }
}
