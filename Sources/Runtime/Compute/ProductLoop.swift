import Kernels

/// A matrix product in dot form or scaled-row form, as a loop over its outputs.
package struct ProductLoop: RangeLoop {
  /// The fewest outputs of a task in dot form: a whole number of the kernels' tiles, whose common widths are 2, 5 and 12.
  static let dotGrain = 60
  /// The same in scaled-row form, where they are 32 and 64.
  static let scaledGrain = 64

  package typealias Multiply =
    @convention(c) (
      kernel_rows, Int, kernel_matrix, Int, Int, Int, UnsafePointer<Float>?, Int32, kernel_rows
    ) -> Void

  let multiply: Multiply
  let x: kernel_rows
  let rows: Int
  let weights: kernel_matrix
  let inner: Int
  let bias: [Float]?
  let accumulate: Bool
  let y: kernel_rows

  package init(
    multiply: @escaping Multiply, x: kernel_rows, rows: Int, weights: kernel_matrix, inner: Int, bias: [Float]?,
    accumulate: Bool, y: kernel_rows
  ) {
    self.multiply = multiply
    self.x = x
    self.rows = rows
    self.weights = weights
    self.inner = inner
    self.bias = bias
    self.accumulate = accumulate
    self.y = y
  }

  package func run(_ range: Range<Int>) {
    if let bias {
      multiply(x, rows, weights, inner, range.lowerBound, range.upperBound, bias, accumulate ? 1 : 0, y)
    } else {
      multiply(x, rows, weights, inner, range.lowerBound, range.upperBound, nil, accumulate ? 1 : 0, y)
    }
  }
}
