import Kernels

/// A normalisation over the last dimension.
struct Norm {
  enum Kind {
    /// x / sqrt(mean(x²) + ε) · weight (Zhang and Sennrich 2019).
    case rms
    /// (x − mean) / sqrt(var + ε) · weight + bias (Ba et al. 2016).
    case layer
  }

  let kind: Kind
  /// F32 [C].
  let weight: [Float]
  /// F32 [C].
  let bias: [Float]?
  let epsilon: Float

  /// y (R, C) from x (R, C).
  func forward(_ x: FloatMatrix, rows: Int, into y: FloatMatrix, pool: WorkerPool) {
    pool.runRanges(rows, grain: 4) { range in
      for row in range {
        switch kind {
        case .rms: kernel_rms_norm(x.row(row), weight, epsilon, weight.count, y.row(row))
        case .layer: kernel_layer_norm(x.row(row), weight, bias, epsilon, weight.count, y.row(row))
        }
      }
    }
  }

  /// d_x (R, C), added to, from d_y (R, C) and the forward's x.
  func backward(_ x: FloatMatrix, _ dy: FloatMatrix, rows: Int, addingTo dx: FloatMatrix, pool: WorkerPool) {
    pool.runRanges(rows, grain: 4) { range in
      for row in range {
        switch kind {
        case .rms:
          kernel_rms_norm_backward(x.row(row), weight, epsilon, weight.count, dy.row(row), dx.row(row))
        case .layer:
          kernel_layer_norm_backward(x.row(row), weight, epsilon, weight.count, dy.row(row), dx.row(row))
        }
      }
    }
  }
}
