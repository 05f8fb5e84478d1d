import Kernels

/// A mixture of experts (Shazeer et al. 2017): feed-forwards of which each row goes through those that a router chooses.
///
///     p = softmax(router(x))
///     y = Σ w_e expert_e(x) over the chosen experts e, those of the largest p [+ σ(gate(x)) · shared(x)]
///     w_e = p_e, or p_e / Σ p over the chosen
///
/// Of equally likely experts the first is chosen.
struct Mixture {
  /// [E, C], without bias.
  let router: Linear
  /// Per expert: gate and up, and the output.
  let inputs: [LinearGroup]
  let outputs: [LinearGroup]
  /// Whether the weights of a row's experts are scaled to the sum 1.
  let normalizesWeights: Bool
  let shared: SharedExpert?

  /// The expert that all rows go through.
  struct SharedExpert {
    /// [1, C], without bias.
    let gate: Linear
    let input: LinearGroup
    let output: LinearGroup
  }

  /// y [R, C] from x [R, C].
  ///
  /// - Parameter slots: for at least `rows` rows.
  func forward(
    _ x: FloatMatrix, rows: Int, activation: kernel_activation, in slots: ExpertRows, into y: FloatMatrix,
    pool: WorkerPool
  ) {
    expand(x, rows: rows, in: slots, pool: pool)
    pool.runRanges(
      slots.count, grain: 2, GateLoop(activation: activation, hidden: slots.hidden, width: slots.shape.width))
    multiply(slots.hidden, by: outputs, into: slots.values, slots, pool)
    if let shared { shared.forward(x, rows: rows, activation: activation, in: slots, pool: pool) }
    pool.runRanges(rows, grain: 4, Sum(slots: slots, hasShared: shared != nil, y: y))
  }

  /// From x [R, C] to gate and up of each slot.
  func expand(_ x: FloatMatrix, rows: Int, in slots: ExpertRows, pool: WorkerPool) {
    router.forward(x.kernelRows(), rows: rows, into: slots.probabilities.kernelRows(), pool: pool)
    pool.runRanges(rows, grain: 4, Choice(slots: slots, normalizesWeights: normalizesWeights))
    slots.group(rows: rows)
    pool.runRanges(slots.count, grain: 16, Gathering(slots: slots, x: x, values: slots.values))
    multiply(slots.values, by: inputs, into: slots.hidden, slots, pool)
  }

  private func multiply(
    _ x: FloatMatrix, by groups: [LinearGroup], into y: FloatMatrix, _ slots: ExpertRows, _ pool: WorkerPool
  ) {
    pool.countProduct(rows: slots.count, groups[0].inputs, groups[0].outputs)
    pool.runRanges(
      slots.active.count * groups[0].taskCount, grain: 1, partsPerThread: Linear.parts(rows: slots.count),
      Products(slots: slots, groups: groups, x: x, y: y))
  }

  /// The products of all active experts as one loop of tasks, those of an expert one after another.
  private struct Products: RangeLoop {
    let slots: ExpertRows
    let groups: [LinearGroup]
    let x: FloatMatrix
    let y: FloatMatrix

    func run(_ range: Range<Int>) {
      let tasks = groups[0].taskCount
      for index in (range.lowerBound / tasks)...((range.upperBound - 1) / tasks) {
        let (first, own) = (index * tasks, slots.slots(ofActive: index))
        let part = range.clamped(to: first..<(first + tasks))
        groups[slots.active[index]].product(
          x.kernelRows(from: own.lowerBound), rows: own.count, into: y.kernelRows(from: own.lowerBound)
        ).run((part.lowerBound - first)..<(part.upperBound - first))
      }
    }
  }

  /// The router's logits to probabilities, choices and weights.
  private struct Choice: RangeLoop {
    let slots: ExpertRows
    let normalizesWeights: Bool

    func run(_ range: Range<Int>) {
      let (experts, chosen) = (slots.shape.experts, slots.shape.chosen)
      for row in range {
        let (p, weights) = (slots.probabilities.row(row), slots.weights.row(row))
        let normalizer = kernel_log_sum_exp(p, experts)
        for expert in 0..<experts { p[expert] -= normalizer }
        kernel_exp(p, experts, p)
        let choices = slots.choices + row * chosen
        var sum: Float = 0
        for k in 0..<chosen {
          choices[k] = next(p, experts, behind: k == 0 ? nil : choices[k - 1], otherwise: k)
          weights[k] = p[choices[k]]
          sum += weights[k]
        }
        if normalizesWeights { for k in 0..<chosen { weights[k] /= sum } }
      }
    }

    /// The likeliest expert of those less likely than the one chosen before, or as likely and behind it.
    private func next(
      _ p: UnsafeMutablePointer<Float>, _ count: Int, behind last: Int?, otherwise fallback: Int
    ) -> Int {
      var best: Int?
      for expert in 0..<count {
        if let last, !(p[expert] < p[last] || p[expert] == p[last] && expert > last) { continue }
        if best.map({ p[expert] > p[$0] }) ?? true { best = expert }
      }
      // Probabilities that are no numbers have no order.
      return best ?? fallback
    }
  }

  /// Copies each slot's row.
  struct Gathering: RangeLoop {
    let slots: ExpertRows
    let x: FloatMatrix
    let values: FloatMatrix

    func run(_ range: Range<Int>) {
      for slot in range { values.row(slot).update(from: x.row(slots.row(ofSlot: slot)), count: x.width) }
    }
  }

  /// The weighted outputs of each row's experts, in the order of their choice.
  private struct Sum: RangeLoop {
    let slots: ExpertRows
    let hasShared: Bool
    let y: FloatMatrix

    func run(_ range: Range<Int>) {
      let chosen = slots.shape.chosen
      for row in range {
        let target = y.row(row)
        target.update(repeating: 0, count: y.width)
        for k in 0..<chosen {
          kernel_add_scaled(
            target, slots.values.row(slots.slots[row * chosen + k]), slots.weights.row(row)[k], y.width)
        }
        if hasShared { kernel_add_scaled(target, slots.shared.row(row), slots.sharedWeight.row(row)[0], y.width) }
      }
    }
  }
}

extension Mixture.SharedExpert {
  /// The expert's output [R, C] and its factor [R, 1], in the slots.
  func forward(
    _ x: FloatMatrix, rows: Int, activation: kernel_activation, in slots: ExpertRows, pool: WorkerPool
  ) {
    expand(x, rows: rows, in: slots, pool: pool)
    pool.runRanges(
      rows, grain: 2, GateLoop(activation: activation, hidden: slots.sharedHidden, width: output.inputs))
    output.forward(slots.sharedHidden, rows: rows, into: slots.shared, pool: pool)
  }

  /// From x [R, C] to gate and up, and the output's factor.
  func expand(_ x: FloatMatrix, rows: Int, in slots: ExpertRows, pool: WorkerPool) {
    input.forward(x, rows: rows, into: slots.sharedHidden, pool: pool)
    let factors = slots.sharedWeight
    gate.forward(x.kernelRows(), rows: rows, into: factors.kernelRows(), pool: pool)
    for row in 0..<rows { factors.values[row] = -factors.values[row] }
    kernel_exp(factors.values, rows, factors.values)
    for row in 0..<rows { factors.values[row] = 1 / (1 + factors.values[row]) }
  }
}

/// The activation of gate and up [R, 2 F], in the place of the gate.
private struct GateLoop: RangeLoop {
  let activation: kernel_activation
  let hidden: FloatMatrix
  let width: Int

  func run(_ range: Range<Int>) {
    for row in range {
      let gate = hidden.row(row)
      kernel_activate(activation, gate, gate + width, width, gate)
    }
  }
}
