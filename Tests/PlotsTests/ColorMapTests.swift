import Testing

@testable import Plots

/// The colors of values.
@Suite struct ColorMapTests {
  /// Lightness alone tells the colors apart, in print and for every kind of color vision.
  @Test func colorsGrowLighter() {
    let lightness = (0...50).map { step -> Double in
      let digits = ColorMap.color(Double(step) / 50).dropFirst()
      let value = Int(digits, radix: 16)!
      return 0.2126 * Double(value >> 16) + 0.7152 * Double(value >> 8 & 255) + 0.0722 * Double(value & 255)
    }
    #expect(zip(lightness, lightness.dropFirst()).allSatisfy { $0 < $1 })
    #expect(ColorMap.color(-1) == ColorMap.color(0) && ColorMap.color(.nan) == ColorMap.color(0))
  }
}
