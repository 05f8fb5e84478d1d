import Kernels

/// The outputs of one matrix product, in either form.
package struct ProductLoop: RangeLoop {
  package typealias Multiply =
    @convention(c) (
      kernel_rows, Int, kernel_matrix, Int, Int, Int, UnsafePointer<Float>?, Int32, kernel_rows
    ) -> Void

  let multiply: Multiply
  let x: kernel_rows
  let rows: Int
  let weights: kernel_matrix
  let inner: Int
  let bias: [Float]?
  let accumulate: Bool
  let y: kernel_rows

  package init(
    multiply: @escaping Multiply, x: kernel_rows, rows: Int, weights: kernel_matrix, inner: Int, bias: [Float]?,
    accumulate: Bool, y: kernel_rows
  ) {
    self.multiply = multiply
    self.x = x
    self.rows = rows
    self.weights = weights
    self.inner = inner
    self.bias = bias
    self.accumulate = accumulate
    self.y = y
  }

  package func run(_ range: Range<Int>) {
    if let bias {
      multiply(x, rows, weights, inner, range.lowerBound, range.upperBound, bias, accumulate ? 1 : 0, y)
    } else {
      multiply(x, rows, weights, inner, range.lowerBound, range.upperBound, nil, accumulate ? 1 : 0, y)
    }
  }
}

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

  /// Some of the outputs; only of a weight kept by outputs.
  func outputs(_ range: Range<Int>) -> Linear {
    precondition(layout == .outputsByInputs)
    return Linear(weights: Weights(weights, rows: range), layout: layout, bias: bias.map { Array($0[range]) })
  }

  /// Outputs a task takes at least: a whole number of the kernels' tiles, whose widths are 2, 3 and 5.
  static let grain = 60

  /// Parts a thread takes of a product with so many rows.
  static func parts(rows: Int) -> Int { rows > 8 ? 16 : 4 }

  /// y (R, out) = x (R, in) W + bias, as a loop over outputs; added to y where `accumulate`.
  fileprivate func product(_ x: kernel_rows, rows: Int, accumulate: Bool = false, into y: kernel_rows) -> ProductLoop {
    ProductLoop(
      multiply: layout == .outputsByInputs ? kernel_dot : kernel_scaled_rows, x: x, rows: rows,
      weights: weights.matrix, inner: inputs, bias: bias, accumulate: accumulate, y: y)
  }

  /// y (R, out) = x (R, in) W + bias; added to y where `accumulate`.
  func forward(_ x: kernel_rows, rows: Int, accumulate: Bool = false, into y: kernel_rows, pool: WorkerPool) {
    pool.countProduct(rows: rows, inputs, outputs)
    pool.runRanges(
      outputs, grain: Self.grain, partsPerThread: Self.parts(rows: rows),
      product(x, rows: rows, accumulate: accumulate, into: y))
  }

  /// d_x (R, in) = d_y (R, out) Wᵀ; added to d_x where `accumulate`.
  func backward(
    _ dy: kernel_rows, rows: Int, accumulate: Bool = false, into dx: kernel_rows, pool: WorkerPool
  ) {
    pool.countProduct(rows: rows, inputs, outputs)
    pool.runRanges(
      inputs, grain: 64, partsPerThread: Self.parts(rows: rows),
      ProductLoop(
        multiply: layout == .outputsByInputs ? kernel_scaled_rows : kernel_dot, x: dy, rows: rows,
        weights: weights.matrix, inner: outputs, bias: nil, accumulate: accumulate, y: dx))
  }
}

/// Projections of the same input whose outputs stand one behind the other in a row.
struct LinearGroup {
  let parts: [Linear]
  let outputs: Int
  /// Tasks of `Linear.grain` outputs that each part is cut into.
  private let tasks: [Int]

  init(_ parts: [Linear]) {
    self.parts = parts
    tasks = parts.map { ($0.outputs + Linear.grain - 1) / Linear.grain }
    outputs = parts.reduce(0) { $0 + $1.outputs }
  }

  /// y (R, out) = [x W₁, x W₂, …], as one loop of tasks.
  func forward(_ x: FloatMatrix, rows: Int, into y: FloatMatrix, pool: WorkerPool) {
    pool.countProduct(rows: rows, parts.first?.inputs ?? 0, outputs)
    pool.runRanges(
      tasks.reduce(0, +), grain: 1, partsPerThread: Linear.parts(rows: rows),
      GroupLoop(group: self, x: x, rows: rows, y: y))
  }

  private struct GroupLoop: RangeLoop {
    let group: LinearGroup
    let x: FloatMatrix
    let rows: Int
    let y: FloatMatrix

    func run(_ range: Range<Int>) {
      let grain = Linear.grain
      var first = 0
      var column = 0
      for (part, count) in zip(group.parts, group.tasks) {
        let own = range.clamped(to: first..<(first + count))
        if !own.isEmpty {
          let outputs =
            ((own.lowerBound - first) * grain)..<min((own.upperBound - first) * grain, part.outputs)
          part.product(x.kernelRows(), rows: rows, into: y.kernelRows(column: column)).run(outputs)
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
