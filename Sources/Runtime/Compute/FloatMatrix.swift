import Kernels

/// A matrix of floats [rows, width], uninitialized at first. Rows keep their addresses while it lives.
package final class FloatMatrix {
  package let rows: Int
  package let width: Int
  package let values: UnsafeMutablePointer<Float>
  private let memory: UnsafeMutableRawPointer

  package init(_ rows: Int, _ width: Int) {
    self.rows = rows
    self.width = width
    let count = max(1, rows * width)
    // Where it begins within a cache line, by chance, a product of one row took up to a fifth longer.
    memory = .allocate(byteCount: count * MemoryLayout<Float>.stride, alignment: 64)
    values = memory.bindMemory(to: Float.self, capacity: count)
  }

  /// Copies of single rows, each of `width` floats.
  package convenience init(copying rows: [UnsafeMutablePointer<Float>], width: Int) {
    self.init(rows.count, width)
    for (i, row) in rows.enumerated() { self.row(i).update(from: row, count: width) }
  }

  deinit { memory.deallocate() }

  package func fill(_ value: Float) { values.update(repeating: value, count: rows * width) }

  package func row(_ index: Int) -> UnsafeMutablePointer<Float> { values + index * width }

  /// A copy of one row.
  package func array(_ index: Int) -> [Float] { Array(UnsafeBufferPointer(start: row(index), count: width)) }

  /// Whether no value of a row is infinite or no number.
  package func isFinite(_ index: Int) -> Bool { kernel_all_finite(row(index), width) != 0 }

  /// The column of a row's largest value, the first of equals.
  package func largest(_ index: Int) -> Int { kernel_argmax(row(index), width) }

  /// Copies the first `count` rows of a matrix of the same width.
  package func copy(rows count: Int, from source: FloatMatrix) {
    values.update(from: source.values, count: count * width)
  }

  func copied() -> FloatMatrix {
    let result = FloatMatrix(rows, width)
    result.copy(rows: rows, from: self)
    return result
  }

  /// The rows from `index` on, as the kernels take them.
  func kernelRows(from index: Int = 0, column: Int = 0) -> kernel_rows {
    kernel_rows(values: values + index * width + column, stride: width)
  }
}
