@testable import Rewriter
@testable import Runtime

extension FloatMatrix {
  /// Values (rows, width) that are uniform in −1…1.
  static func random(_ rows: Int, _ width: Int, seed: UInt64) -> FloatMatrix {
    var generator = SeededGenerator(seed: seed)
    let result = FloatMatrix(rows, width)
    for i in 0..<(rows * width) { result.values[i] = Float.random(in: -1...1, using: &generator) }
    return result
  }
}
