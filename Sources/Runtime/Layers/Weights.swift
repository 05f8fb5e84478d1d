import Format
import Kernels

/// A weight matrix in its file's dtype: bytes of the mapped file, or a copy of a tensor that is computed.
final class Weights {
  let matrix: kernel_matrix
  let rows: Int
  let columns: Int
  private let file: MappedFile?
  private let owned: UnsafeMutableRawPointer?
  private let scales: WeightScales?
  /// The matrix that this is a part of.
  private let whole: Weights?

  /// - Parameters:
  ///   - tensor: F32, F16, BF16, F64 or F8_E4M3 [rows, columns].
  ///   - scales: the factors of an F8 tensor, 1 where nil.
  /// - Throws: `FormatError` of kind `unsupported` for another dtype, `unreadable` where a copy fails.
  init(_ tensor: Tensor, scales: WeightScales? = nil, location: String) throws(FormatError) {
    let dtype = try Self.dtype(of: tensor, location: location)
    (rows, columns) = (tensor.shape[0], tensor.shape[1])
    self.scales = dtype == kernel_f8 ? scales ?? .one : nil
    whole = nil
    let address: UnsafeRawPointer
    if let mapped = tensor.mapped, tensor.dtype != .f64 {
      (file, owned, address) = (mapped.file, nil, mapped.address)
    } else {
      let copy = Self.copy(of: tensor)
      (file, owned, address) = (nil, copy, UnsafeRawPointer(copy))
    }
    matrix = kernel_matrix(
      weights: address, dtype: dtype, stride: columns, scales: self.scales?.kernelScales ?? kernel_scales())
  }

  private static func dtype(of tensor: Tensor, location: String) throws(FormatError) -> kernel_dtype {
    switch tensor.dtype {
    case .f32, .f64: return kernel_f32
    case .f16: return kernel_f16
    case .bf16: return kernel_bf16
    case .f8e4m3: return kernel_f8
    default:
      throw FormatError(
        .unsupported, "\(location): tensor \(tensor.name)", "weights of this dtype are not supported",
        expected: "F32, F16, BF16, F8_E4M3 or F64", got: tensor.dtype.rawValue)
    }
  }

  /// A copy that the caller deallocates, F64 rounded to F32.
  private static func copy(of tensor: Tensor) -> UnsafeMutableRawPointer {
    func memory(_ count: Int) -> UnsafeMutableRawPointer { .allocate(byteCount: max(1, count), alignment: 64) }
    if tensor.dtype == .f64, let values = tensor.floats() {
      return values.withUnsafeBytes { values in
        let memory = memory(values.count)
        if let first = values.baseAddress { memory.copyMemory(from: first, byteCount: values.count) }
        return memory
      }
    }
    let memory = memory(tensor.byteCount)
    tensor.write(to: UnsafeMutableRawBufferPointer(start: memory, count: tensor.byteCount))
    return memory
  }

  /// Some rows of a matrix, sharing its bytes.
  init(_ whole: Weights, rows range: Range<Int>) {
    (rows, columns) = (range.count, whole.columns)
    (file, owned, scales, self.whole) = (nil, nil, nil, whole)
    matrix = whole.matrix(from: range.lowerBound)
  }

  /// The rows from `row` on.
  private func matrix(from row: Int) -> kernel_matrix {
    let size = matrix.dtype == kernel_f32 ? 4 : matrix.dtype == kernel_f8 ? 1 : 2
    var result = matrix
    result.weights = matrix.weights + row * columns * size
    result.scales.first_row += row
    return result
  }

  deinit { owned?.deallocate() }

  /// `value` rounded to this matrix's dtype.
  func rounded(_ value: Float) -> Float {
    switch matrix.dtype {
    case kernel_bf16: HalfPrecision.float(bf16: HalfPrecision.bf16(value))
    case kernel_f16: HalfPrecision.float(f16: HalfPrecision.f16(value))
    default: value
    }
  }

  /// Writes row `index` times `scale` as F32 to `target`; adds it where `accumulate`.
  func read(row index: Int, into target: UnsafeMutablePointer<Float>, accumulate: Bool = false, scale: Float = 1) {
    var one = scale
    withUnsafeMutablePointer(to: &one) { one in
      kernel_scaled_rows(
        kernel_rows(values: one, stride: 1), 1, matrix(from: index), 1, 0, columns, nil, accumulate ? 1 : 0,
        kernel_rows(values: target, stride: columns))
    }
  }
}
