/// Projections of one input whose outputs are concatenated.
struct LinearGroup {
  let parts: [Linear]
  let outputs: Int
  /// The number of tasks, of `ProductLoop.grain` outputs, per part.
  private let tasks: [Int]

  init(_ parts: [Linear]) {
    self.parts = parts
    tasks = parts.map { ($0.outputs + ProductLoop.grain - 1) / ProductLoop.grain }
    outputs = parts.reduce(0) { $0 + $1.outputs }
  }

  /// y [R, out] = [x W₁, x W₂, …], as one loop of tasks.
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
      let grain = ProductLoop.grain
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

  /// d_x [R, in] = Σ d_yᵢ Wᵢᵀ.
  func backward(_ dy: FloatMatrix, rows: Int, into dx: FloatMatrix, pool: WorkerPool) {
    var column = 0
    for (i, part) in parts.enumerated() {
      part.backward(
        dy.kernelRows(column: column), rows: rows, accumulate: i > 0, into: dx.kernelRows(), pool: pool)
      column += part.outputs
    }
  }
}
