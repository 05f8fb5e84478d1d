import Kernels

@testable import Runtime

/// A random weight matrix in one of the kernels' dtypes, and its values as floats.
struct WeightSample {
  let dtype: kernel_dtype
  private(set) var bytes: [UInt8] = []
  private(set) var values: [Float] = []
  private let columns: Int
  /// One scale per block of 4 rows and 8 columns, so that a vector meets several.
  private let scales: FloatMatrix

  init(_ rows: Int, _ columns: Int, _ dtype: kernel_dtype, using random: inout SeededGenerator) {
    self.dtype = dtype
    self.columns = columns
    scales = FloatMatrix((rows + 3) / 4, (columns + 7) / 8)
    for i in 0..<(scales.rows * scales.width) { scales.values[i] = Float.random(in: 100...300, using: &random) }
    for i in 0..<(rows * columns) { append(row: i / columns, column: i % columns, using: &random) }
  }

  /// Halves and 8-bit floats are drawn by their bits, so that subnormal ones are among them.
  private mutating func append(row: Int, column: Int, using random: inout SeededGenerator) {
    let value = Float.random(in: -1...1, using: &random)
    switch dtype {
    case kernel_bf16:
      let bits = UInt16(truncatingIfNeeded: value.bitPattern >> 16)
      append(bits, Float(bitPattern: UInt32(bits) << 16))
    case kernel_f16:
      let bits = UInt16.random(in: 0..<0x3C00, using: &random) | (value < 0 ? 0x8000 : 0)
      append(bits, kernel_float_from_half(bits))
    case kernel_f8:
      let byte = UInt8.random(in: 0..<0x7F, using: &random) | (value < 0 ? 0x80 : 0)
      append(byte, Self.value(e4m3: byte) * (scales.row(row / 4)[column / 8] / 256))
    default: append(value, value)
    }
  }

  private mutating func append(_ bits: some BitwiseCopyable, _ value: Float) {
    withUnsafeBytes(of: bits) { bytes += $0 }
    values.append(value)
  }

  /// Calls `body` with the matrix as the kernels take it.
  func withMatrix(_ body: (kernel_matrix) -> Void) {
    let blocks = kernel_scales(
      values: scales.values, stride: scales.width, first_row: 0, row_shift: 2, column_shift: 3)
    bytes.withUnsafeBytes {
      body(kernel_matrix(weights: $0.baseAddress, dtype: dtype, stride: columns, scales: blocks))
    }
  }

  /// An 8-bit float with 4 bits of exponent (bias 7) and 3 of mantissa; all ones is no number.
  static func value(e4m3 byte: UInt8) -> Float {
    let (exponent, mantissa) = (Int(byte >> 3 & 15), Float(byte & 7) / 8)
    if byte & 0x7F == 0x7F { return .nan }
    let magnitude =
      exponent == 0 ? mantissa * 0x1p-6 : (1 + mantissa) * Float(sign: .plus, exponent: exponent - 7, significand: 1)
    return byte < 0x80 ? magnitude : -magnitude
  }
}
