import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Keys by least squares, against the definition of the minimum.
@Suite struct LeastSquaresKeyTests {
  /// w minimizes Σ (w · aᵢ − yᵢ)² + λ ‖w‖², so the gradient there is 0.
  @Test(arguments: [(12, 7, 20), (5, 4, 30), (40, 9, 8), (300, 12, 64)])
  func directionIsTheMinimum(_ first: Int, _ more: Int, _ width: Int) throws {
    let seed = UInt64(first)
    let (a, b) = (FloatMatrix.random(first, width, seed: seed), FloatMatrix.random(more, width, seed: seed + 1))
    let pool = WorkerPool(threads: 2)
    let ridge: Float = 0.05
    var keys = LeastSquaresKeys(apartFrom: a, ridge: ridge, pool: pool)
    keys.append(b, pool: pool)
    let positives = [1, first + 2, first + more - 1]
    let w = keys.solve(positives: positives).key.direction
    let squares = (0..<first).map { a.array($0).reduce(0.0) { $0 + Double($1) * Double($1) } }
    let lambda = Double(ridge) * squares.sorted()[first / 2]
    var gradient = w.map { lambda * Double($0) }
    for i in 0..<(first + more) {
      let row = i < first ? a.array(i) : b.array(i - first)
      let rest = zip(row, w).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } - (positives.contains(i) ? 1 : 0)
      for d in 0..<width { gradient[d] += rest * Double(row[d]) }
    }
    #expect(gradient.allSatisfy { abs($0) < 2e-4 }, "seed \(seed): \(gradient.map(abs).max() ?? 0)")
    let key = LinearKey(direction: w)
    let k = key.values
    let (dot, squared) = (zip(b.array(0), k).reduce(0) { $0 + $1.0 * $1.1 }, k.reduce(0) { $0 + $1 * $1 })
    #expect(abs(dot / squared - key.similarity(b.row(0))) < 1e-4)
  }

  /// The closed form of a left-out similarity equals that of a fit without the sample.
  @Test func leftOutEqualsTheFitWithout() throws {
    let (n, width) = (15, 24)
    let a = FloatMatrix.random(n, width, seed: 3)
    let pool = WorkerPool(threads: 1)
    // λ is a share of the mean ‖a‖² of the first matrix, so both fits begin with the same one.
    let common = FloatMatrix.random(6, width, seed: 4)
    var all = LeastSquaresKeys(apartFrom: common, ridge: 0.1, pool: pool)
    all.append(a, weight: 4, pool: pool)
    let positives = [6, 9, 14]
    let closed = all.solve(positives: positives, judged: [9, 10]).leftOut
    for (left, expected) in zip([9, 10], closed) {
      let rest = FloatMatrix(n - 1, width)
      var row = 0
      for i in 0..<n where i + 6 != left {
        rest.row(row).update(from: a.row(i), count: width)
        row += 1
      }
      var without = LeastSquaresKeys(apartFrom: common, ridge: 0.1, pool: pool)
      without.append(rest, weight: 4, pool: pool)
      let shifted = positives.filter { $0 != left }.map { $0 > left ? $0 - 1 : $0 }
      let value = without.solve(positives: shifted).key.similarity(a.row(left - 6))
      #expect(abs(value - expected) < 1e-4, "left out \(left): \(value), closed form \(expected)")
    }
  }

  /// Beside more common samples than dimensions, also where first tokens are far longer than others, a fit is the one of
  /// the normal equations in F64.
  @Test(arguments: [UInt64](1...4)) func manyCommonSamples(_ seed: UInt64) throws {
    let (n, width, ridge) = (90, 48, Float(0.2))
    let common = FloatMatrix.random(n, width, seed: seed)
    for i in stride(from: 0, to: n, by: 15) {
      for d in 0..<width { common.row(i)[d] = (d < 2 ? 300 : 1) * common.row(0)[d] }
    }
    let own = FloatMatrix.random(11, width, seed: seed + 10)
    let pool = WorkerPool(threads: 2)
    var keys = LeastSquaresKeys(apartFrom: common, ridge: ridge, pool: pool)
    keys.append(own, weight: 5, pool: nil)
    #expect(keys.count == n + 11)
    let positives = [3, n, n + 4, n + 7]
    let (key, leftOut) = keys.solve(positives: positives, judged: [n + 4, n + 5])

    let lambda = Double(ridge * LeastSquaresKeys.medianSquare(common))
    func expected(without left: Int? = nil) -> [Float] {
      let samples = (0..<(n + 11)).filter { $0 != left }.map { i in
        (a: i < n ? common.array(i) : own.array(i - n), weight: i < n ? 1.0 : 5, goal: positives.contains(i) ? 1.0 : 0)
      }
      return ridgeRegression(samples, lambda: lambda, width: width)
    }
    let error = relativeError(key.direction, expected())
    #expect(error < 1e-4, "seed \(seed): \(error)")
    for (judged, value) in zip([n + 4, n + 5], leftOut) {
      let other = LinearKey(direction: expected(without: judged)).similarity(own.row(judged - n))
      #expect(abs(other - value) < 1e-4, "seed \(seed), \(judged): \(value), without it \(other)")
    }
  }
}

/// w that minimizes Σ β (a · w − y)² + λ ‖w‖², by elimination in F64.
private func ridgeRegression(
  _ samples: [(a: [Float], weight: Double, goal: Double)], lambda: Double, width: Int
) -> [Float] {
  var rows = (0..<width).map { i in (0...width).map { j in i == j ? lambda : 0.0 } }
  for (a, weight, goal) in samples {
    for i in 0..<width {
      for j in 0..<width { rows[i][j] += weight * Double(a[i]) * Double(a[j]) }
      rows[i][width] += weight * Double(a[i]) * goal
    }
  }
  for i in 0..<width {
    for k in (i + 1)..<max(i + 1, width) {
      let factor = rows[k][i] / rows[i][i]
      for j in i...width { rows[k][j] -= factor * rows[i][j] }
    }
  }
  var w = [Double](repeating: 0, count: width)
  for i in (0..<width).reversed() {
    let rest = ((i + 1)..<width).reduce(rows[i][width]) { $0 - rows[i][$1] * w[$1] }
    w[i] = rest / rows[i][i]
  }
  return w.map(Float.init)
}
