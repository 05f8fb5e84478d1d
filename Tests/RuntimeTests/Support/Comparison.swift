@testable import Runtime

extension FloatMatrix {
  /// A copy of all rows.
  var array: [Float] { Array(UnsafeBufferPointer(start: values, count: rows * width)) }

  /// Numbers from −1 to 1.
  static func random(_ rows: Int, _ width: Int, using generator: inout SeededGenerator) -> FloatMatrix {
    let result = FloatMatrix(rows, width)
    for i in 0..<(rows * width) { result.values[i] = Float.random(in: -1...1, using: &generator) }
    return result
  }
}

/// ‖a − b‖ / ‖b‖.
func relativeError(_ a: [Float], _ b: [Float]) -> Float {
  precondition(a.count == b.count)
  var (difference, norm) = (Double(0), Double(0))
  for (x, y) in zip(a, b) {
    difference += Double((x - y) * (x - y))
    norm += Double(y * y)
  }
  return Float((difference / max(norm, 1e-30)).squareRoot())
}
