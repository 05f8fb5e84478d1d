import Kernels
import Runtime

/// Pass 3: keys that tell chosen activations from all others at one site.
///
/// With the samples as rows of A (n, D), the direction of the positives y is w = Aᵀ (A Aᵀ + λ I)⁻¹ y (ridge regression
/// in its Gram form; y is 1 on the positives and 0 elsewhere), and k = w / ‖w‖², so that (a · k) / ‖k‖² = a · w. The
/// factorization of what all memories have in common is made once and extended by each one's own samples. A sample that
/// counts β times is a row of √β a with the goal √β y.
///
/// Where the common samples are more than the activation has dimensions, they are kept as coordinates instead
/// (`Whitening`), so that a fit costs the same beside ten thousand memories as beside a hundred.
struct LeastSquaresKeys {
  private struct Common {
    let samples: FloatMatrix
    let whitening: Whitening
  }

  /// The common samples that are no rows of A any more; A's rows are whitened then.
  private let common: Common?
  private var samples: [FloatMatrix] = []
  /// Rows of the lower triangle L, A Aᵀ + λ I = L Lᵀ.
  private var factor: [[Float]] = []
  /// √β of each sample.
  private var scales: [Float] = []
  private let lambda: Float
  /// D.
  let width: Int

  /// - Parameters:
  ///   - samples: not to be fired on.
  ///   - ridge: λ as a share of the median ‖a‖².
  ///   - pool: nil for a fit that runs beside others.
  init(apartFrom samples: FloatMatrix, ridge: Float, pool: WorkerPool?) {
    lambda = ridge * Self.medianSquare(samples)
    width = samples.width
    let isLong = samples.rows > samples.width && lambda > 0
    common =
      isLong ? Common(samples: samples, whitening: Whitening(samples, lambda: lambda, pool: pool)) : nil
    if !isLong { append(samples, pool: pool) }
  }

  /// The median of ‖a‖² over samples [n, D]: unlike the mean it does not follow a first token whose activations are huge.
  static func medianSquare(_ samples: FloatMatrix) -> Float {
    let squares = (0..<samples.rows).map { kernel_dot_product(samples.row($0), samples.row($0), samples.width) }
    return squares.sorted()[samples.rows / 2]
  }

  private var commonCount: Int { common?.samples.rows ?? 0 }
  /// The number of all samples, the common ones first.
  var count: Int { commonCount + factor.count }

  /// Extends the factorization by further samples [n, D], each of which counts `weight` times.
  mutating func append(_ more: FloatMatrix, weight: Float = 1, pool: WorkerPool?) {
    let scale = weight.squareRoot()
    scales += [Float](repeating: scale, count: more.rows)
    var more = more
    if weight != 1 {
      let scaled = FloatMatrix(more.rows, more.width)
      for i in 0..<(more.rows * more.width) { scaled.values[i] = scale * more.values[i] }
      more = scaled
    }
    if let common { more = common.whitening.whitened(more, pool: pool) }
    let old = factor.count
    samples.append(more)
    let products = products(with: more, pool: pool)
    for i in 0..<more.rows {
      extend(by: Array(UnsafeBufferPointer(start: products.row(i), count: old + i + 1)))
    }
  }

  /// The dot products [n, rows of A] of the newest rows with all.
  private func products(with more: FloatMatrix, pool: WorkerPool?) -> FloatMatrix {
    let products = FloatMatrix(more.rows, factor.count + more.rows)
    var column = 0
    for part in samples {
      let product = ProductLoop(
        multiply: kernel_dot, x: kernel_rows(values: more.values, stride: more.width), rows: more.rows,
        weights: kernel_matrix(weights: part.values, dtype: kernel_f32, stride: part.width, scales: kernel_scales()),
        inner: part.width, bias: nil, accumulate: false,
        y: kernel_rows(values: products.values + column, stride: products.width))
      if let pool { pool.runRanges(part.rows, grain: 60, product) } else { product.run(0..<part.rows) }
      column += part.rows
    }
    return products
  }

  /// Adds a row to L from the new sample's row of A Aᵀ.
  private mutating func extend(by products: [Float]) {
    var row = products
    let last = row.count - 1
    row[last] += lambda
    row.withUnsafeMutableBufferPointer { row in
      let row = row.baseAddress!
      for j in 0..<last {
        factor[j].withUnsafeBufferPointer {
          row[j] = (row[j] - kernel_dot_product(row, $0.baseAddress!, j)) / $0[j]
        }
      }
      let rest = row[last] - kernel_dot_product(row, row, last)
      row[last] = max(rest, 1e-6 * lambda).squareRoot()
    }
    factor.append(row)
  }

  /// The direction for the samples of the given indices, and the leave-one-out similarity of each of `judged`, by a
  /// direction fitted without it: y − c / (G⁻¹)ᵢᵢ, c = G⁻¹ y, G = A Aᵀ + λ I.
  ///
  /// - Parameter judged: none of them a common sample.
  func solve(positives: [Int], judged: [Int] = []) -> (key: LinearKey, leftOut: [Float]) {
    let own = factor.count
    var goals = [Float](repeating: 0, count: own)
    for i in positives where i >= commonCount { goals[i - commonCount] = scales[i - commonCount] }
    // What the common samples alone make of it, from which the own ones' goals are a distance.
    var w = directionOfCommon(positives.filter { $0 < commonCount })
    var c = goals
    if w.contains(where: { $0 != 0 }) { forEachRow { c[$0] -= kernel_dot_product($1, w, width) } }
    c = forward(c, from: 0)
    for i in (0..<own).reversed() {
      c[i] /= factor[i][i]
      kernel_add_scaled(&c, factor[i], -c[i], i)
    }
    forEachRow { kernel_add_scaled(&w, $1, c[$0], width) }
    let leftOut = judged.map { judged in
      let i = judged - commonCount
      var unit = [Float](repeating: 0, count: own)
      unit[i] = 1
      let column = forward(unit, from: i)
      return (goals[i] - c[i] / kernel_dot_product(column, column, own)) / scales[i]
    }
    return (LinearKey(direction: common?.whitening.direction(of: w) ?? w), leftOut)
  }

  /// W Σ a / λ over common samples: for whitened activations, what regression on the common samples alone gives.
  private func directionOfCommon(_ positives: [Int]) -> [Float] {
    guard let common, !positives.isEmpty else { return [Float](repeating: 0, count: width) }
    let sum = FloatMatrix(1, width)
    sum.fill(0)
    for i in positives { kernel_add_scaled(sum.row(0), common.samples.row(i), 1 / lambda, width) }
    return common.whitening.whitened(sum, pool: nil).array(0)
  }

  /// Calls `body` with each row of A and its number.
  private func forEachRow(_ body: (Int, UnsafeMutablePointer<Float>) -> Void) {
    var index = 0
    for part in samples {
      for i in 0..<part.rows {
        body(index, part.row(i))
        index += 1
      }
    }
  }

  /// L⁻¹ b, b being 0 before `first`.
  private func forward(_ b: [Float], from first: Int) -> [Float] {
    var c = b
    for i in first..<c.count { c[i] = (c[i] - kernel_dot_product(factor[i], c, i)) / factor[i][i] }
    return c
  }
}

/// A direction w in the making, stored as the key k = w / ‖w‖² once it is done.
struct LinearKey {
  private(set) var direction: [Float]

  /// The fit's own prediction a · w; in exact arithmetic the similarity (a · k) / ‖k‖².
  func similarity(_ activation: UnsafePointer<Float>) -> Float {
    kernel_dot_product(activation, direction, direction.count)
  }

  /// Scales w so that `mean` becomes 1.
  mutating func calibrate(mean: Float) {
    for i in direction.indices { direction[i] /= mean }
  }

  /// k.
  var values: [Float] {
    let squared = kernel_dot_product(direction, direction, direction.count)
    return direction.map { $0 / squared }
  }
}
