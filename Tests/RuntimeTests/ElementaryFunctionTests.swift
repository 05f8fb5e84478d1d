import Foundation
import Kernels
import Testing

@testable import Runtime

/// The functions of one number, beside those of the C library, which are within a unit in the last place.
@Suite struct ElementaryFunctionTests {
  static let seed: UInt64 = 5

  private static let special: [Double] = [
    0, -0.0, 1, -1, 2, -2, 3, -3, 0.5, -0.5, .infinity, -.infinity, .nan, 1e300, -1e300, .leastNonzeroMagnitude,
    0x1p53, -0x1p52 - 1, 1 + .ulpOfOne, 1 - .ulpOfOne,
  ]

  private static func agree(_ value: Double, _ library: Double) -> Bool {
    if library.isNaN { return value.isNaN }
    guard library != 0, library.isFinite else { return value == library && value.sign == library.sign }
    return abs(value - library) <= 1.5 * library.ulp
  }

  @Test func exponentialsAndLogarithms() {
    var random = SeededGenerator(seed: Self.seed)
    let spread = (0..<20_000).map { _ in (random.unit() - 0.5) * 1500 }
    for x in Self.special + spread + [709.8, -745.2, -746.1, 1e-300] {
      #expect(Self.agree(kernel_f64_exp(x), exp(x)), "seed \(Self.seed) exp \(x)")
    }
    let positive = (0..<20_000).map { _ in Double(bitPattern: random.next() % Double.infinity.bitPattern) }
    for x in Self.special + positive + spread.map({ 1 + $0 * 1e-6 }) {
      #expect(Self.agree(kernel_f64_log(x), log(x)), "seed \(Self.seed) log \(x)")
    }
  }

  @Test func powers() {
    for x in Self.special {
      for y in Self.special { #expect(Self.agree(kernel_f64_pow(x, y), pow(x, y)), "\(x) ** \(y)") }
    }
    var random = SeededGenerator(seed: Self.seed)
    for _ in 0..<20_000 {
      let x = Double(bitPattern: random.next() % Double.infinity.bitPattern)
      let y = (random.unit() - 0.5) * 1500 / log(x)
      #expect(Self.agree(kernel_f64_pow(x, y), pow(x, y)), "seed \(Self.seed) \(x) ** \(y)")
    }
    // What can be said exactly is.
    for exponent in 0...22 { #expect(kernel_f64_pow(10, Double(exponent)) == Double("1e\(exponent)")) }
    for base in -9...9 { #expect(kernel_f64_pow(Double(base), 3) == Double(base * base * base)) }
  }

  @Test func sinesAndCosinesOfAllAngles() {
    var random = SeededGenerator(seed: Self.seed)
    let finite = (0..<40_000).map { _ in Float(bitPattern: UInt32(random.next() >> 32)) }.filter(\.isFinite)
    let quarters = (0..<2000).map { Float(Double($0) * .pi / 4) }
    for x in finite + quarters + quarters.map({ -$0 }) + [0, 0.785, .greatestFiniteMagnitude] {
      // In double, rounded once: the nearest float but for one in some hundred million.
      #expect(kernel_f32_sin(x) == Float(sin(Double(x))), "seed \(Self.seed) sin \(x)")
      #expect(kernel_f32_cos(x) == Float(cos(Double(x))), "seed \(Self.seed) cos \(x)")
    }
    #expect(kernel_f32_sin(-0.0).sign == .minus)
    for x in [Float.infinity, -.infinity, .nan] { #expect(kernel_f32_sin(x).isNaN && kernel_f32_cos(x).isNaN) }
  }
}
