import Kernels

/// A normalization over the last dimension.
struct Norm {
  enum Kind {
    /// x / sqrt(mean(x²) + ε) · weight (Zhang and Sennrich 2019).
    case rms
    /// (x − mean) / sqrt(var + ε) · weight + bias (Ba et al. 2016).
    case layer
  }

  let kind: Kind
  /// F32 [C], or [heads, C] where each head has weights of its own.
  let weight: [Float]
  /// F32 [C].
  let bias: [Float]?
  let epsilon: Float
  /// C, the length of the vectors.
  let width: Int

  /// - Parameter heads: the number of vectors of a row that have weights of their own, one after another; only for norms
  ///   without bias.
  init(kind: Kind, weight: [Float], bias: [Float]?, epsilon: Float, heads: Int = 1) {
    precondition(heads == 1 || bias == nil)
    (self.kind, self.weight, self.bias, self.epsilon) = (kind, weight, bias, epsilon)
    width = weight.count / heads
  }

  /// y [R, C] from x [R, C].
  func forward(_ x: FloatMatrix, rows: Int, into y: FloatMatrix, pool: WorkerPool) {
    pool.runRanges(rows, grain: 4, Forward(norm: self, x: x, y: y))
  }

  /// Normalizes contiguous vectors [heads, C] in place; `count` floats in all.
  func forward(in values: UnsafeMutablePointer<Float>, count: Int) {
    weight.withUnsafeBufferPointer { weight in
      for start in stride(from: 0, to: count, by: width) {
        let (x, weight) = (values + start, weight.baseAddress! + start % weight.count)
        switch kind {
        case .rms: kernel_rms_norm(x, weight, epsilon, width, x)
        case .layer: kernel_layer_norm(x, weight, bias, epsilon, width, x)
        }
      }
    }
  }

  /// The backward of `forward(in:count:)`: turns d_y in `gradient` into d_x, `x` being the vectors before the norm.
  func backward(_ x: UnsafeMutablePointer<Float>, in gradient: UnsafeMutablePointer<Float>, count: Int) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { dy in
      let dy = dy.baseAddress!
      for start in stride(from: 0, to: count, by: width) {
        let dx = gradient + start
        dy.update(from: dx, count: width)
        dx.update(repeating: 0, count: width)
        weight.withUnsafeBufferPointer { weight in
          let weight = weight.baseAddress! + start % weight.count
          switch kind {
          case .rms: kernel_rms_norm_backward(x + start, weight, epsilon, width, dy, dx)
          case .layer: kernel_layer_norm_backward(x + start, weight, epsilon, width, dy, dx)
          }
        }
      }
    }
  }

  private struct Forward: RangeLoop {
    let norm: Norm
    let x: FloatMatrix
    let y: FloatMatrix

    func run(_ range: Range<Int>) {
      let (weight, epsilon) = (norm.weight, norm.epsilon)
      for row in range {
        switch norm.kind {
        case .rms: kernel_rms_norm(x.row(row), weight, epsilon, weight.count, y.row(row))
        case .layer: kernel_layer_norm(x.row(row), weight, norm.bias, epsilon, weight.count, y.row(row))
        }
      }
    }
  }

  /// d_x [R, C], added to, from d_y [R, C] and the forward's x.
  func backward(_ x: FloatMatrix, _ dy: FloatMatrix, rows: Int, addingTo dx: FloatMatrix, pool: WorkerPool) {
    pool.runRanges(rows, grain: 4, Backward(norm: self, x: x, dy: dy, dx: dx))
  }

  private struct Backward: RangeLoop {
    let norm: Norm
    let x: FloatMatrix
    let dy: FloatMatrix
    let dx: FloatMatrix

    func run(_ range: Range<Int>) {
      let (weight, epsilon) = (norm.weight, norm.epsilon)
      for row in range {
        switch norm.kind {
        case .rms:
          kernel_rms_norm_backward(x.row(row), weight, epsilon, weight.count, dy.row(row), dx.row(row))
        case .layer:
          kernel_layer_norm_backward(x.row(row), weight, epsilon, weight.count, dy.row(row), dx.row(row))
        }
      }
    }
  }
}
