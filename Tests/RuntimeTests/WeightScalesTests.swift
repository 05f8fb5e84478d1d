import Kernels
import Testing

@testable import Format
@testable import Runtime

/// The scales of F8 weights.
@Suite struct WeightScalesTests {
  @Test func onePerMatrixRowOrBlockFitsAndOthersAreErrors() throws {
    func scales(_ shape: [Int]) throws -> WeightScales {
      let values = (0..<shape.reduce(1, *)).map { Float($0 + 1) }
      return try WeightScales(Tensor(name: "w_scale", shape: shape, floats: values), of: [8, 20], location: "file")
    }
    for (shape, rowShift, columnShift) in [
      ([], 63, 63), ([1], 63, 63), ([1, 1], 63, 63), ([8], 0, 63), ([8, 1], 0, 63), ([2, 3], 2, 3), ([1, 2], 63, 4),
      ([8, 20], 0, 0),
    ] as [([Int], UInt32, UInt32)] {
      let found = try scales(shape).kernelScales
      #expect(found.row_shift == rowShift && found.column_shift == columnShift, "\(shape)")
    }
    for shape in [[2], [20], [3, 2], [2, 4], [1, 1, 2], [0]] {
      #expect { try scales(shape) } throws: { ($0 as? FormatError)?.description.contains("w_scale") == true }
    }
  }
}
