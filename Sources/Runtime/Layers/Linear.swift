import Kernels

/// y = x W (+ bias), its weight kept as the checkpoint has it.
struct Linear {
  enum Layout {
    /// `[out, in]`, as PyTorch's Linear keeps it.
    case outputsByInputs
    /// `[in, out]`, as GPT-2's Conv1D keeps it.
    case inputsByOutputs
  }

  let weights: Weights
  let layout: Layout
  /// F32 [out].
  let bias: [Float]?

  var inputs: Int { layout == .outputsByInputs ? weights.columns : weights.rows }
  var outputs: Int { layout == .outputsByInputs ? weights.rows : weights.columns }

  /// Outputs a task takes at least: a whole number of the kernels' tiles, whose widths are 2, 3 and 5.
  static let grain = 60

  /// Parts a thread takes of a product with so many rows.
  static func parts(rows: Int) -> Int { rows > 8 ? 16 : 4 }

  /// y (R, out) = x (R, in) W + bias for the outputs of `range`; added to y where `accumulate`.
  func forward(
    _ x: kernel_rows, rows: Int, _ range: Range<Int>, accumulate: Bool = false, into y: kernel_rows
  ) {
    let product = layout == .outputsByInputs ? kernel_dot : kernel_scaled_rows
    product(x, rows, weights.matrix, inputs, range.lowerBound, range.upperBound, bias, accumulate ? 1 : 0, y)
  }

  func forward(_ x: kernel_rows, rows: Int, accumulate: Bool = false, into y: kernel_rows, pool: WorkerPool) {
    pool.runRanges(outputs, grain: Self.grain, partsPerThread: Self.parts(rows: rows)) {
      forward(x, rows: rows, $0, accumulate: accumulate, into: y)
    }
  }

  /// d_x (R, in) = d_y (R, out) Wᵀ; added to d_x where `accumulate`.
  func backward(
    _ dy: kernel_rows, rows: Int, accumulate: Bool = false, into dx: kernel_rows, pool: WorkerPool
  ) {
    let product = layout == .outputsByInputs ? kernel_scaled_rows : kernel_dot
    pool.runRanges(inputs, grain: 64, partsPerThread: Self.parts(rows: rows)) { range in
      product(
        dy, rows, weights.matrix, outputs, range.lowerBound, range.upperBound, nil, accumulate ? 1 : 0, dx)
    }
  }
}

/// Projections of the same input whose outputs stand one behind the other in a row.
struct LinearGroup {
  let parts: [Linear]
  let outputs: Int

  init(_ parts: [Linear]) {
    self.parts = parts
    outputs = parts.reduce(0) { $0 + $1.outputs }
  }

  /// y (R, out) = [x W₁, x W₂, …], as one loop of tasks.
  func forward(_ x: FloatMatrix, rows: Int, into y: FloatMatrix, pool: WorkerPool) {
    let grain = Linear.grain
    let tasks = parts.map { ($0.outputs + grain - 1) / grain }
    pool.runRanges(tasks.reduce(0, +), grain: 1, partsPerThread: Linear.parts(rows: rows)) { range in
      var first = 0
      var column = 0
      for (part, count) in zip(parts, tasks) {
        let own = range.clamped(to: first..<(first + count))
        if !own.isEmpty {
          let outputs =
            ((own.lowerBound - first) * grain)..<min((own.upperBound - first) * grain, part.outputs)
          part.forward(x.kernelRows(), rows: rows, outputs, into: y.kernelRows(column: column))
        }
        first += count
        column += part.outputs
      }
    }
  }

  /// d_x (R, in) = Σ d_yᵢ Wᵢᵀ.
  func backward(_ dy: FloatMatrix, rows: Int, into dx: FloatMatrix, pool: WorkerPool) {
    var column = 0
    for (i, part) in parts.enumerated() {
      part.backward(
        dy.kernelRows(column: column), rows: rows, accumulate: i > 0, into: dx.kernelRows(), pool: pool)
      column += part.outputs
    }
  }
}
