import Testing

@testable import Plots

/// Scales, their ticks and the labels of numbers.
@Suite struct ScaleTests {
  @Test func mapsTheDomainToTheRangeAndHoldsWhatLiesBeyond() {
    let linear = Scale(-1...3, from: 100, to: 0)
    #expect([-1, 1, 3, 9, -9].map { linear($0) } == [100, 50, 0, 0, 100])
    let logarithmic = Scale(0.01...1, from: 0, to: 10, kind: .logarithmic)
    #expect(abs(logarithmic(0.1) - 5) < 1e-9 && logarithmic(0) == 0)
  }

  /// A domain of a single value is widened.
  @Test func widensAnEmptyDomain() {
    for kind in [Scale.Kind.linear, .logarithmic] {
      let scale = Scale(4...4, from: 0, to: 10, kind: kind)
      #expect(abs(scale(4) - 5) < 1, "\(kind)")
      #expect(!scale.ticks(5).isEmpty, "\(kind)")
    }
  }

  @Test(arguments: [
    (0.0...1.0, 5, [0, 0.2, 0.4, 0.6, 0.8, 1]), (-0.03...0.07, 5, [-0.02, 0, 0.02, 0.04, 0.06]),
    (0.0...7.0, 4, [0, 2, 4, 6]),
  ])
  func ticksAreRoundAndWithin(domain: ClosedRange<Double>, count: Int, expected: [Double]) {
    let ticks = Scale(domain, from: 0, to: 1).ticks(count)
    #expect(ticks.count == expected.count)
    #expect(zip(ticks, expected).allSatisfy { abs($0 - $1) < 1e-12 }, "\(ticks)")
  }

  @Test func logarithmicTicksAreOneTwoFive() {
    let ticks = Scale(0.01...1, from: 0, to: 1, kind: .logarithmic).ticks(8)
    #expect(zip(ticks, [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]).allSatisfy { abs($0 / $1 - 1) < 1e-9 }, "\(ticks)")
    #expect(ticks.count == 7)
  }

  @Test(
    arguments: [
      (0, "0"), (1, "1"), (0.5, "0.5"), (-0.0123456, "−0.0123"), (1234.5, "1234"), (12.345, "12.3"), (2.5e-9, "2.5e-9"),
      (3e7, "3e7"), (.infinity, "∞"), (.nan, "–"), (0.99951, "1"),
    ] as [(Double, String)])
  func labelsHaveThreeDigits(value: Double, text: String) { #expect(label(value) == text) }
}
