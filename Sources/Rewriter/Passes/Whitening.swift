import Kernels
import Runtime

/// What many samples have in common at one site, in coordinates whose number does not grow with theirs.
///
/// With the samples as rows of A (n, D) and AᵀA + λ I = L Lᵀ, W = √λ L⁻¹ takes an activation a to v = W a, so that
///
///     v · v' = a · a' − (A a)ᵀ (A Aᵀ + λ I)⁻¹ (A a')
///
/// and ridge regression on v, with the same λ, is ridge regression on a beside all samples of A with the goal 0 (the
/// primal form, by Woodbury's identity). It is computed in F64: first tokens are a thousand times as long as others, and
/// in F32 their rounding would be as large as λ.
final class Whitening {
  /// W [D, D], lower triangular.
  private let matrix: FloatMatrix

  /// - Parameters:
  ///   - samples: A [n, D].
  ///   - lambda: λ, above 0.
  init(_ samples: FloatMatrix, lambda: Float, pool: WorkerPool?) {
    let square = SquareMatrix(samples.width)
    square.addProducts(of: samples, pool: pool)
    for i in 0..<square.width { square.row(i)[i] += Double(lambda) }
    square.factorize(pool: pool)
    matrix = square.inverseOfLower(times: Double(lambda).squareRoot(), pool: pool)
  }

  /// v [n, D] of activations [n, D].
  func whitened(_ activations: FloatMatrix, pool: WorkerPool?) -> FloatMatrix {
    let result = FloatMatrix(activations.rows, activations.width)
    multiply(kernel_dot, activations, into: result, pool: pool)
    return result
  }

  /// The direction w = Wᵀ x, for which a · w = v · x.
  func direction(of x: [Float]) -> [Float] {
    let (given, result) = (FloatMatrix(1, x.count), FloatMatrix(1, x.count))
    given.row(0).update(from: x, count: x.count)
    multiply(kernel_scaled_rows, given, into: result, pool: nil)
    return result.array(0)
  }

  private func multiply(
    _ kernel: @escaping ProductLoop.Multiply, _ x: FloatMatrix, into y: FloatMatrix, pool: WorkerPool?
  ) {
    let width = matrix.width
    let product = ProductLoop(
      multiply: kernel, x: kernel_rows(values: x.values, stride: width), rows: x.rows,
      weights: kernel_matrix(weights: matrix.values, dtype: kernel_f32, stride: width, scales: kernel_scales()),
      inner: width, bias: nil, accumulate: false, y: kernel_rows(values: y.values, stride: width))
    if let pool { pool.runRanges(width, grain: 60, product) } else { product.run(0..<width) }
  }
}

/// A symmetric matrix [D, D] of F64, of which only what stands on and above the diagonal is kept.
private final class SquareMatrix {
  let width: Int
  private let values: UnsafeMutablePointer<Double>
  /// Rows that are read again and again while they are in the second-level cache.
  private static let block = 32

  init(_ width: Int) {
    self.width = width
    values = .allocate(capacity: width * width)
    values.initialize(repeating: 0, count: width * width)
  }

  deinit { values.deallocate() }

  func row(_ index: Int) -> UnsafeMutablePointer<Double> { values + index * width }

  /// Adds AᵀA.
  func addProducts(of samples: FloatMatrix, pool: WorkerPool?) {
    let part = UnsafeMutablePointer<Double>.allocate(capacity: Self.block * width)
    defer { part.deallocate() }
    for first in stride(from: 0, to: samples.rows, by: Self.block) {
      let count = min(Self.block, samples.rows - first)
      for i in 0..<(count * width) { part[i] = Double(samples.row(first)[i]) }
      forEachRow(from: 0, pool) { [width] i in
        for s in 0..<count {
          let sample = part + s * width
          Self.add(sample[i], sample + i, to: self.row(i) + i, width - i)
        }
      }
    }
  }

  /// Replaces the matrix by R, RᵀR being the matrix: Cholesky's factorization by blocks of rows.
  func factorize(pool: WorkerPool?) {
    for first in stride(from: 0, to: width, by: Self.block) {
      let end = min(first + Self.block, width)
      for k in first..<end {
        for above in first..<k { subtract(above, from: k) }
        // Rounding can take what is left of a direction below 0.
        let scale = 1 / max(row(k)[k], .leastNormalMagnitude).squareRoot()
        for j in k..<width { row(k)[j] *= scale }
      }
      forEachRow(from: end, pool) { i in
        for k in first..<end { self.subtract(k, from: i) }
      }
    }
  }

  private func subtract(_ k: Int, from i: Int) {
    Self.add(-row(k)[i], row(k) + i, to: row(i) + i, width - i)
  }

  /// `factor` · L⁻¹ [D, D], L = Rᵀ.
  func inverseOfLower(times factor: Double, pool: WorkerPool?) -> FloatMatrix {
    let (result, columns) = (FloatMatrix(width, width), 64)
    result.fill(0)
    forEach((width + columns - 1) / columns, pool) { [width] part in
      // Column by column of the inverse: L X = I, solved downwards.
      let first = part * columns
      let count = min(columns, width - first)
      let x = UnsafeMutablePointer<Double>.allocate(capacity: width * count)
      x.initialize(repeating: 0, count: width * count)
      defer { x.deallocate() }
      for i in first..<width {
        let own = x + i * count
        if i < first + count { own[i - first] = factor }
        for k in first..<i { Self.add(-self.row(k)[i], x + k * count, to: own, count) }
        let scale = 1 / self.row(i)[i]
        for c in 0..<count { own[c] *= scale }
        for c in 0..<count { result.row(i)[first + c] = Float(own[c]) }
      }
    }
    return result
  }

  private static func add(
    _ factor: Double, _ x: UnsafePointer<Double>, to y: UnsafeMutablePointer<Double>, _ count: Int
  ) {
    for j in 0..<count { y[j] += factor * x[j] }
  }

  private func forEachRow(from first: Int, _ pool: WorkerPool?, _ body: (Int) -> Void) {
    // A thread's rows are spread, since the later ones are shorter.
    let parts = min(16, max(1, width - first))
    forEach(parts, pool) { part in
      for i in stride(from: first + part, to: width, by: parts) { body(i) }
    }
  }

  private func forEach(_ count: Int, _ pool: WorkerPool?, _ body: (Int) -> Void) {
    if let pool { pool.each(count, body) } else { (0..<count).forEach(body) }
  }
}
