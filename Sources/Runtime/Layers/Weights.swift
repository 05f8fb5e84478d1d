import Format
import Kernels

/// A weight matrix in its file's dtype, in place in the mapped file; computed tensors are made once and kept.
final class Weights {
  let matrix: kernel_matrix
  let rows: Int
  let columns: Int
  private let file: MappedFile?
  private let owned: UnsafeMutableRawPointer?
  /// What this is a part of.
  private let whole: Weights?

  /// - Parameter tensor: F32, F16 or BF16 of two dimensions.
  init(_ tensor: Tensor, place: String) throws(FormatError) {
    let dtype: kernel_dtype
    switch tensor.dtype {
    case .f32: dtype = kernel_f32
    case .f16: dtype = kernel_f16
    case .bf16: dtype = kernel_bf16
    default:
      throw FormatError(
        .unsupported, "\(place): tensor \(tensor.name)", "weights of this dtype are not supported",
        expected: "F32, F16 or BF16", got: tensor.dtype.rawValue)
    }
    rows = tensor.shape[0]
    columns = tensor.shape[1]
    let address: UnsafeRawPointer
    if let mapped = tensor.mapped {
      file = mapped.file
      owned = nil
      address = mapped.address
    } else {
      let memory = UnsafeMutableRawPointer.allocate(byteCount: max(1, tensor.byteCount), alignment: 64)
      file = nil
      owned = memory
      do {
        try tensor.withBytes { memory.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
      } catch {
        memory.deallocate()
        throw FormatError(.unreadable, "\(place): tensor \(tensor.name)", "\(error)")
      }
      address = UnsafeRawPointer(memory)
    }
    matrix = kernel_matrix(weights: address, dtype: dtype, stride: columns)
    whole = nil
  }

  /// Some of the rows, in place.
  init(_ whole: Weights, rows range: Range<Int>) {
    (rows, columns) = (range.count, whole.columns)
    (file, owned, self.whole) = (nil, nil, whole)
    let size = whole.matrix.dtype == kernel_f32 ? 4 : 2
    matrix = kernel_matrix(
      weights: whole.matrix.weights + range.lowerBound * whole.columns * size, dtype: whole.matrix.dtype,
      stride: whole.columns)
  }

  deinit { owned?.deallocate() }

  /// `value` as this matrix's dtype has it.
  func rounded(_ value: Float) -> Float {
    switch matrix.dtype {
    case kernel_bf16: HalfPrecision.float(bf16: HalfPrecision.bf16(value))
    case kernel_f16: HalfPrecision.float(f16: HalfPrecision.f16(value))
    default: value
    }
  }

  /// Adds (or, unless `accumulate`, writes) row `index` times `scale` as F32 to `target`.
  func read(row index: Int, into target: UnsafeMutablePointer<Float>, accumulate: Bool = false, scale: Float = 1) {
    var one = scale
    var row = matrix
    let size = matrix.dtype == kernel_f32 ? 4 : 2
    row.weights = matrix.weights + index * columns * size
    withUnsafeMutablePointer(to: &one) { one in
      kernel_scaled_rows(
        kernel_rows(values: one, stride: 1), 1, row, 1, 0, columns, nil, accumulate ? 1 : 0,
        kernel_rows(values: target, stride: columns))
    }
  }
}
