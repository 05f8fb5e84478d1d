import Format
import Kernels

/// The factors of an F8 matrix's weights: one in all, one per row, or one per block.
final class WeightScales {
  let kernelScales: kernel_scales
  private let values: FloatMatrix

  /// The factor 1.
  static var one: WeightScales { WeightScales([1], rowShift: 63, columnShift: 63, columns: 1) }

  /// - Parameters:
  ///   - tensor: F32, F16 or BF16: one number, [rows], [rows, 1], or [blocks, blocks] of sizes that are powers of two.
  ///   - shape: [rows, columns] of the weights.
  /// - Throws: `FormatError` of kind `tensorShape`.
  init(_ tensor: Tensor, of shape: [Int], location: String) throws(FormatError) {
    func refusal(_ expected: String) -> FormatError {
      FormatError(
        .tensorShape, "\(location): tensor \(tensor.name)", "does not fit weights of shape \(shape)",
        expected: expected,
        got: "\(tensor.dtype.rawValue) of shape \(tensor.shape)")
    }
    guard let values = tensor.floats() else { throw refusal("F32, F16 or BF16") }
    let (rows, columns) = (shape[0], shape[1])
    let shifts: (Int, Int)
    switch tensor.shape {
    case _ where values.count == 1: shifts = (63, 63)
    case [rows], [rows, 1]: shifts = (0, 63)
    case let blocks where blocks.count == 2:
      guard let row = Self.shift(rows, blocks[0]), let column = Self.shift(columns, blocks[1]) else { fallthrough }
      shifts = (row, column)
    default: throw refusal("one number, one per row, or one per block")
    }
    let stride = shifts.1 == 63 ? 1 : tensor.shape[1]
    (self.values, kernelScales) = Self.make(values, rowShift: shifts.0, columnShift: shifts.1, columns: stride)
  }

  private init(_ values: [Float], rowShift: Int, columnShift: Int, columns: Int) {
    (self.values, kernelScales) = Self.make(values, rowShift: rowShift, columnShift: columnShift, columns: columns)
  }

  private static func make(
    _ values: [Float], rowShift: Int, columnShift: Int, columns: Int
  ) -> (FloatMatrix, kernel_scales) {
    let matrix = FloatMatrix(1, values.count)
    for (i, value) in values.enumerated() { matrix.values[i] = 256 * value }
    return (
      matrix,
      kernel_scales(
        values: matrix.values, stride: columns, first_row: 0, row_shift: UInt32(rowShift),
        column_shift: UInt32(columnShift))
    )
  }

  /// The exponent of the block size that cuts `size` into `count` blocks; 63 for one block, nil where there is none.
  private static func shift(_ size: Int, _ count: Int) -> Int? {
    count == 1 ? 63 : (0..<32).first { (size + (1 << $0) - 1) >> $0 == count }
  }
}
