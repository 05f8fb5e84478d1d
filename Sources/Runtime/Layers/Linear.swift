import Kernels

/// A projection y = x W (+ bias), its weight as the checkpoint has it.
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

  /// The projection to some of the outputs; traps for a weight that is kept by inputs.
  func outputs(_ range: Range<Int>) -> Linear {
    precondition(layout == .outputsByInputs)
    return Linear(weights: Weights(weights, rows: range), layout: layout, bias: bias.map { Array($0[range]) })
  }

  /// The fewest outputs of a task.
  var grain: Int { layout == .outputsByInputs ? ProductLoop.dotGrain : ProductLoop.scaledGrain }

  /// The number of parts per thread of a product with `rows` rows.
  static func parts(rows: Int) -> Int { rows > 8 ? 16 : 4 }

  /// y [R, out] = x [R, in] W + bias, as a loop over outputs; added to y where `accumulate`.
  func product(_ x: kernel_rows, rows: Int, accumulate: Bool = false, into y: kernel_rows) -> ProductLoop {
    ProductLoop(
      multiply: layout == .outputsByInputs ? kernel_dot : kernel_scaled_rows, x: x, rows: rows,
      weights: weights.matrix, inner: inputs, bias: bias, accumulate: accumulate, y: y)
  }

  /// y [R, out] = x [R, in] W + bias; added to y where `accumulate`.
  func forward(_ x: kernel_rows, rows: Int, accumulate: Bool = false, into y: kernel_rows, pool: WorkerPool) {
    pool.countProduct(rows: rows, inputs, outputs)
    pool.runRanges(
      outputs, grain: grain, partsPerThread: Self.parts(rows: rows),
      product(x, rows: rows, accumulate: accumulate, into: y))
  }

  /// d_x [R, in] = d_y [R, out] Wᵀ; added to d_x where `accumulate`.
  func backward(
    _ dy: kernel_rows, rows: Int, accumulate: Bool = false, into dx: kernel_rows, pool: WorkerPool
  ) {
    pool.countProduct(rows: rows, inputs, outputs)
    pool.runRanges(
      inputs, grain: layout == .outputsByInputs ? ProductLoop.scaledGrain : ProductLoop.dotGrain,
      partsPerThread: Self.parts(rows: rows),
      ProductLoop(
        multiply: layout == .outputsByInputs ? kernel_scaled_rows : kernel_dot, x: dy, rows: rows,
        weights: weights.matrix, inner: outputs, bias: nil, accumulate: accumulate, y: dx))
  }
}
