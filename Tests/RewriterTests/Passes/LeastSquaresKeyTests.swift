import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Keys by least squares, against the definition of the minimum.
@Suite struct LeastSquaresKeyTests {
  /// w minimizes Σ (w · aᵢ − yᵢ)² + λ ‖w‖², so the gradient there is 0.
  @Test(arguments: [(12, 7, 20), (5, 4, 30), (40, 9, 8)])
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
}
