import Foundation
import Kernels
import Testing

@testable import Runtime

/// The kernels against plain Swift twins, and each instruction set against the baseline.
@Suite(.serialized) struct KernelTests {
  static let instructionSets = [kernel_baseline, kernel_avx2, kernel_avx512].filter {
    kernel_isa_available($0) != 0
  }
  static let seed = UInt64.random(in: 0..<1 << 32)

  /// A weight matrix in one of the dtypes, and its values.
  struct Matrix {
    var bytes: [UInt8]
    var values: [Float]
    var dtype: kernel_dtype
    /// Of blocks of 4 rows and 8 columns, so that a vector meets several.
    let scales: kernel_scales
    private let owner: FloatMatrix

    init(_ rows: Int, _ columns: Int, _ dtype: kernel_dtype, _ random: inout SeededGenerator) {
      self.dtype = dtype
      bytes = []
      values = []
      let blocks = (columns + 7) / 8
      owner = FloatMatrix((rows + 3) / 4, blocks)
      let scaleValues = owner.values
      for i in 0..<(owner.rows * blocks) { scaleValues[i] = Float.random(in: 100...300, using: &random) }
      scales = kernel_scales(values: scaleValues, stride: blocks, first_row: 0, row_shift: 2, column_shift: 3)
      for i in 0..<(rows * columns) {
        let value = Float.random(in: -1...1, using: &random)
        switch dtype {
        case kernel_bf16:
          let bits = UInt16(truncatingIfNeeded: value.bitPattern >> 16)
          withUnsafeBytes(of: bits) { bytes += $0 }
          values.append(Float(bitPattern: UInt32(bits) << 16))
        case kernel_f16:
          // Subnormal halves too.
          let bits = UInt16.random(in: 0..<0x3C00, using: &random) | (value < 0 ? 0x8000 : 0)
          withUnsafeBytes(of: bits) { bytes += $0 }
          values.append(kernel_float_from_half(bits))
        case kernel_f8:
          // Subnormals too.
          let byte = UInt8.random(in: 0..<0x7F, using: &random) | (value < 0 ? 0x80 : 0)
          bytes.append(byte)
          let magnitude =
            KernelTests.magnitude(e4m3: byte) * (scaleValues[i / columns / 4 * blocks + i % columns / 8] / 256)
          values.append(value < 0 ? -magnitude : magnitude)
        default:
          withUnsafeBytes(of: value) { bytes += $0 }
          values.append(value)
        }
      }
    }
  }

  /// Every E4M3 value, the special ones too.
  @Test func eightBitFloats() {
    let (scale, one, y) = (FloatMatrix(1, 1), FloatMatrix(1, 1), FloatMatrix(1, 256))
    (scale.values[0], one.values[0]) = (256, 1)
    let scales = kernel_scales(values: scale.values, stride: 0, first_row: 0, row_shift: 63, column_shift: 63)
    let bytes = (0..<256).map { UInt8($0) }
    for isa in Self.instructionSets {
      kernel_use_isa(isa)
      bytes.withUnsafeBytes { bytes in
        kernel_scaled_rows(
          one.kernelRows(), 1,
          kernel_matrix(weights: bytes.baseAddress, dtype: kernel_f8, stride: 256, scales: scales), 1, 0, 256, nil, 0,
          y.kernelRows())
      }
      for byte in bytes {
        let magnitude = Self.magnitude(e4m3: byte)
        let value = y.values[Int(byte)]
        #expect(magnitude.isNaN ? value.isNaN : value == (byte < 0x80 ? magnitude : -magnitude), "\(byte)")
      }
    }
    kernel_use_isa(Self.instructionSets.last!)
  }

  /// The absolute value of an 8-bit float with 4 bits of exponent (bias 7) and 3 of mantissa; all ones is no number.
  static func magnitude(e4m3 byte: UInt8) -> Float {
    let (exponent, mantissa) = (Int(byte >> 3 & 15), Float(byte & 7) / 8)
    if byte & 0x7F == 0x7F { return .nan }
    return exponent == 0
      ? mantissa * 0x1p-6 : (1 + mantissa) * Float(sign: .plus, exponent: exponent - 7, significand: 1)
  }

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

  @Test(
    arguments: [(1, 5, 7), (1, 33, 48), (3, 17, 100), (5, 40, 16), (13, 29, 77)],
    [kernel_f32, kernel_f16, kernel_bf16, kernel_f8])
  func dotForm(_ sizes: (rows: Int, outputs: Int, inner: Int), _ dtype: kernel_dtype) {
    var random = SeededGenerator(seed: Self.seed)
    let (rows, outputs, inner) = sizes
    let w = Matrix(outputs, inner, dtype, &random)
    let x = (0..<(rows * inner)).map { _ in Float.random(in: -1...1, using: &random) }
    let xs = UnsafeMutablePointer<Float>.allocate(capacity: x.count)
    let ys = UnsafeMutablePointer<Float>.allocate(capacity: rows * outputs)
    defer {
      xs.deallocate()
      ys.deallocate()
    }
    xs.initialize(from: x, count: x.count)
    let bias = (0..<outputs).map { _ in Float.random(in: -1...1, using: &random) }
    for isa in Self.instructionSets {
      kernel_use_isa(isa)
      ys.initialize(repeating: 2, count: rows * outputs)
      w.bytes.withUnsafeBytes { weights in
        kernel_dot(
          kernel_rows(values: xs, stride: inner), rows,
          kernel_matrix(weights: weights.baseAddress, dtype: dtype, stride: inner, scales: w.scales), inner, 0, outputs,
          bias,
          1,
          kernel_rows(values: ys, stride: outputs))
      }
      for r in 0..<rows {
        for o in 0..<outputs {
          let twin =
            2
            + (Self.laneDot(x[(r * inner)..<((r + 1) * inner)], w.values[(o * inner)..<((o + 1) * inner)])
              + bias[o])
          #expect(
            ys[r * outputs + o].bitPattern == twin.bitPattern,
            "seed \(Self.seed) isa \(isa.rawValue) \(r) \(o)")
        }
      }
    }
    kernel_use_isa(Self.instructionSets.last!)
  }

  @Test(
    arguments: [(1, 5, 7), (1, 300, 12), (3, 65, 100), (8, 130, 33)], [kernel_f32, kernel_f16, kernel_bf16, kernel_f8])
  func scaledRowForm(_ sizes: (rows: Int, outputs: Int, inner: Int), _ dtype: kernel_dtype) {
    var random = SeededGenerator(seed: Self.seed)
    let (rows, outputs, inner) = sizes
    let w = Matrix(inner, outputs, dtype, &random)
    let x = (0..<(rows * inner)).map { _ in Float.random(in: -1...1, using: &random) }
    let xs = UnsafeMutablePointer<Float>.allocate(capacity: x.count)
    let ys = UnsafeMutablePointer<Float>.allocate(capacity: rows * outputs)
    defer {
      xs.deallocate()
      ys.deallocate()
    }
    xs.initialize(from: x, count: x.count)
    for isa in Self.instructionSets {
      kernel_use_isa(isa)
      ys.initialize(repeating: 0, count: rows * outputs)
      w.bytes.withUnsafeBytes { weights in
        kernel_scaled_rows(
          kernel_rows(values: xs, stride: inner), rows,
          kernel_matrix(weights: weights.baseAddress, dtype: dtype, stride: outputs, scales: w.scales), inner, 0,
          outputs, nil,
          0,
          kernel_rows(values: ys, stride: outputs))
      }
      for r in 0..<rows {
        for o in 0..<outputs {
          let twin = (0..<inner).reduce(Float(0)) {
            $0.addingProduct(x[r * inner + $1], w.values[$1 * outputs + o])
          }
          #expect(
            ys[r * outputs + o].bitPattern == twin.bitPattern,
            "seed \(Self.seed) isa \(isa.rawValue) \(r) \(o)")
        }
      }
    }
    kernel_use_isa(Self.instructionSets.last!)
  }

  @Test func exponentialIsWithinTwoUnits() {
    var x = stride(from: Float(-87), through: 88, by: 0.013).map(\.self) + [0, -0.0, 1e-8, -1e-8]
    for isa in Self.instructionSets {
      kernel_use_isa(isa)
      var y = [Float](repeating: 0, count: x.count)
      kernel_exp(&x, x.count, &y)
      for (x, y) in zip(x, y) {
        let exact = Float(exp(Double(x)))
        #expect(abs(y - exact) <= 2 * exact.ulp, "exp(\(x)) = \(y), not \(exact)")
      }
    }
    kernel_use_isa(Self.instructionSets.last!)
  }

  /// A prompt's logits and a gradient, computed by each instruction set, equal to the bit.
  @Test(arguments: ModelFixture.all)
  func wholeModelOnEveryInstructionSet(_ fixture: ModelFixture) throws {
    let model = try fixture.transformer()
    let item = try #require(try fixture.cases().first)
    var seen: [[UInt32]] = []
    for isa in Self.instructionSets {
      kernel_use_isa(isa)
      let batch = model.singleBatch(item.ids)
      let tape = Tape(forBackward: true)
      model.forward(batch, tape: tape)
      let last = item.ids.count - 1
      let gradients = model.gradients(batch, tape: tape, losses: [LossTerm(row: last, target: item.target)])
      let logits = model.logits(batch.residual, rows: [last]).array
      seen.append((logits + gradients[SiteAddress(layer: 0, site: .attn)].array).map(\.bitPattern))
    }
    kernel_use_isa(Self.instructionSets.last!)
    #expect(seen.allSatisfy { $0 == seen[0] })
  }
}
