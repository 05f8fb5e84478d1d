import Kernels

/// Projections of one input whose outputs are concatenated.
struct LinearGroup {
  let parts: [Linear]
  let outputs: Int
  /// The number of tasks, of `grain` outputs, per part.
  private let tasks: [Int]
  /// The number of tasks of a product.
  let taskCount: Int

  init(_ parts: [Linear]) {
    self.parts = parts
    tasks = parts.map { ($0.outputs + $0.grain - 1) / $0.grain }
    taskCount = tasks.reduce(0, +)
    outputs = parts.reduce(0) { $0 + $1.outputs }
  }

  var inputs: Int { parts.first?.inputs ?? 0 }

  /// y [R, out] = [x W₁, x W₂, …], as one loop of tasks.
  func forward(_ x: FloatMatrix, rows: Int, into y: FloatMatrix, pool: WorkerPool) {
    pool.countProduct(rows: rows, inputs, outputs)
    pool.runRanges(
      taskCount, grain: 1, partsPerThread: Linear.parts(rows: rows),
      product(x.kernelRows(), rows: rows, into: y.kernelRows()))
  }

  /// y [R, out] = [x W₁, x W₂, …], as a loop over `taskCount` tasks.
  func product(_ x: kernel_rows, rows: Int, into y: kernel_rows) -> Product {
    Product(group: self, x: x, rows: rows, y: y)
  }

  struct Product: RangeLoop {
    fileprivate let group: LinearGroup
    fileprivate let x: kernel_rows
    fileprivate let rows: Int
    fileprivate let y: kernel_rows

    func run(_ range: Range<Int>) {
      var first = 0
      var column = 0
      for (part, count) in zip(group.parts, group.tasks) {
        let own = range.clamped(to: first..<(first + count))
        if !own.isEmpty {
          let outputs =
            ((own.lowerBound - first) * part.grain)..<min((own.upperBound - first) * part.grain, part.outputs)
          let target = kernel_rows(values: y.values + column, stride: y.stride)
          part.product(x, rows: rows, into: target).run(outputs)
        }
        first += count
        column += part.outputs
      }
    }
  }

  /// d_x [R, in] = Σ d_yᵢ Wᵢᵀ.
  func backward(_ dy: kernel_rows, rows: Int, into dx: kernel_rows, pool: WorkerPool) {
    var column = 0
    for (i, part) in parts.enumerated() {
      let own = kernel_rows(values: dy.values + column, stride: dy.stride)
      part.backward(own, rows: rows, accumulate: i > 0, into: dx, pool: pool)
      column += part.outputs
    }
  }
}
