import Foundation
import Kernels
import Testing

@testable import Runtime

/// The kernels of each instruction set against plain Swift twins, to the bit where kernels.h states an order.
@Suite struct KernelTests {
  static let dtypes = [kernel_f32, kernel_f16, kernel_bf16, kernel_f8]
  /// One set of random numbers for all instruction sets.
  static let seed = UInt64.random(in: 0..<1 << 32)

  /// The order that kernels.h states: 16 lanes of fused multiply-adds, then halves onto halves.
  static func laneDot(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Float {
    var lanes = [Float](repeating: 0, count: 16)
    for (i, (x, y)) in zip(a, b).enumerated() { lanes[i % 16].addProduct(x, y) }
    var width = 16
    while width > 1 {
      width /= 2
      for i in 0..<width { lanes[i] += lanes[i + width] }
    }
    return lanes[0]
  }

  @Test(arguments: InstructionSet.available)
  func dotForm(_ set: InstructionSet) {
    for dtype in Self.dtypes {
      for (rows, outputs, inner) in [(1, 5, 7), (1, 33, 48), (3, 17, 100), (5, 40, 16), (13, 29, 77)] {
        var random = SeededGenerator(seed: Self.seed)
        let w = WeightSample(outputs, inner, dtype, using: &random)
        let (x, bias) = (
          FloatMatrix.random(rows, inner, using: &random), FloatMatrix.random(1, outputs, using: &random)
        )
        let y = FloatMatrix(rows, outputs)
        y.fill(2)
        w.withMatrix {
          set.kernels.dot(x.kernelRows(), rows, $0, inner, 0, outputs, bias.values, 1, y.kernelRows())
        }
        for r in 0..<rows {
          let twin = (0..<outputs).map { o in
            2 + (Self.laneDot(x.array(r)[...], w.values[(o * inner)..<((o + 1) * inner)]) + bias.values[o])
          }
          #expect(y.array(r).map(\.bitPattern) == twin.map(\.bitPattern), "seed \(Self.seed) \(dtype) row \(r)")
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func scaledRowForm(_ set: InstructionSet) {
    for dtype in Self.dtypes {
      for (rows, outputs, inner) in [
        (1, 5, 7), (1, 300, 12), (3, 65, 100), (8, 130, 33), (4, 70, 513), (17, 130, 1100), (1, 70, 1100),
      ] {
        var random = SeededGenerator(seed: Self.seed)
        let w = WeightSample(inner, outputs, dtype, using: &random)
        let (x, bias) = (
          FloatMatrix.random(rows, inner, using: &random), FloatMatrix.random(1, outputs, using: &random)
        )
        let sums = (0..<rows).map { r in
          (0..<outputs).map { o in
            (0..<inner).reduce(Float(0)) { $0.addingProduct(x.row(r)[$1], w.values[$1 * outputs + o]) }
          }
        }
        for (isBiased, accumulates) in [(false, false), (true, false), (false, true), (true, true)] {
          let y = FloatMatrix(rows, outputs)
          y.fill(2)
          w.withMatrix {
            set.kernels.scaled_rows(
              x.kernelRows(), rows, $0, inner, 0, outputs, isBiased ? bias.values : nil, accumulates ? 1 : 0,
              y.kernelRows())
          }
          for r in 0..<rows {
            let twin = sums[r].enumerated().map { o, sum in
              let value = isBiased ? sum + bias.values[o] : sum
              return accumulates ? 2 + value : value
            }
            #expect(y.array(r).map(\.bitPattern) == twin.map(\.bitPattern), "seed \(Self.seed) \(dtype) row \(r)")
          }
        }
      }
    }
  }

  /// A similarity has the bits of firing because both products sum in one order.
  @Test(arguments: InstructionSet.available)
  func dotProductHasTheBitsOfTheDotForm(_ set: InstructionSet) {
    var random = SeededGenerator(seed: Self.seed)
    for inner in [1, 2, 3, 5, 15, 16, 17, 31, 33, 47, 63, 65, 127, 257, 577, 1025] {
      let (rows, outputs) = (11, 13)
      let (a, keys) = (
        FloatMatrix.random(rows, inner, using: &random), FloatMatrix.random(outputs, inner, using: &random)
      )
      let y = FloatMatrix(rows, outputs)
      let w = kernel_matrix(weights: keys.values, dtype: kernel_f32, stride: inner, scales: kernel_scales())
      set.kernels.dot(a.kernelRows(), rows, w, inner, 0, outputs, nil, 0, y.kernelRows())
      for r in 0..<rows {
        let products = (0..<outputs).map { set.kernels.dot_product(a.row(r), keys.row($0), inner).bitPattern }
        #expect(y.array(r).map(\.bitPattern) == products, "seed \(Self.seed) inner \(inner)")
        let twin = Self.laneDot(a.array(r)[...], keys.array(0)[...])
        #expect(products[0] == twin.bitPattern, "seed \(Self.seed) inner \(inner)")
      }
    }
  }

  /// Every E4M3 value, the special ones too.
  @Test(arguments: InstructionSet.available)
  func eightBitFloats(_ set: InstructionSet) {
    let (scale, one, y) = (FloatMatrix(1, 1), FloatMatrix(1, 1), FloatMatrix(1, 256))
    (scale.values[0], one.values[0]) = (256, 1)
    let scales = kernel_scales(values: scale.values, stride: 0, first_row: 0, row_shift: 63, column_shift: 63)
    let bytes = (0..<256).map { UInt8($0) }
    bytes.withUnsafeBytes { bytes in
      let w = kernel_matrix(weights: bytes.baseAddress, dtype: kernel_f8, stride: 256, scales: scales)
      set.kernels.scaled_rows(one.kernelRows(), 1, w, 1, 0, 256, nil, 0, y.kernelRows())
    }
    for byte in bytes {
      let (value, expected) = (y.values[Int(byte)], WeightSample.value(e4m3: byte))
      #expect(value == expected || value.isNaN && expected.isNaN, "\(byte)")
    }
  }

  @Test(arguments: InstructionSet.available)
  func exponentialIsWithinTwoUnits(_ set: InstructionSet) {
    let x = stride(from: Float(-87), through: 88, by: 0.013).map(\.self) + [0, -0.0, 1e-8, -1e-8]
    var y = [Float](repeating: 0, count: x.count)
    set.kernels.exp(x, x.count, &y)
    for (x, y) in zip(x, y) {
      let exact = Float(exp(Double(x)))
      #expect(abs(y - exact) <= 2 * exact.ulp, "exp(\(x)) = \(y), not \(exact)")
    }
  }

  @Test(arguments: InstructionSet.available)
  func softCapIsCapTimesTanh(_ set: InstructionSet) {
    let x = stride(from: Float(-300), through: 300, by: 1.7).map(\.self) + [0, 1e-3, -.infinity, .infinity]
    for cap: Float in [1, 30, 50] {
      var y = x
      set.kernels.soft_cap(&y, y.count, cap)
      var slope = [Float](repeating: 2, count: x.count)
      set.kernels.soft_cap_backward(y, y.count, cap, &slope)
      for (i, x) in x.enumerated() {
        let exact = tanh(Double(x) / Double(cap))
        #expect(abs(Double(y[i]) - Double(cap) * exact) < 3e-7 * Double(cap), "\(cap) tanh(\(x) / \(cap))")
        #expect(abs(Double(slope[i]) - 2 * (1 - exact * exact)) < 2e-6)
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func reluSquared(_ set: InstructionSet) {
    let x: [Float] = [-.infinity, -3, -0.0, 0, 0.5, 3, .infinity]
    let ones = [Float](repeating: 1, count: x.count)
    var (y, slope) = (ones, ones)
    set.kernels.activate(kernel_relu_squared, x, nil, x.count, &y)
    set.kernels.activate_backward(kernel_relu_squared, x, nil, x.count, ones, &slope, nil)
    #expect(y == [0, 0, 0, 0, 0.25, 9, .infinity] && slope == [0, 0, 0, 0, 1, 6, .infinity])
  }
}
