import Testing

@testable import Plots

@Suite struct LabelTests {
  @Test func labelsThatWouldTouchAreLeftOut() {
    let labels = [(center: 0.0, width: 10.0), (center: 8, width: 10), (center: 15, width: 10), (center: 40, width: 30)]
    #expect(Labels.thinned(labels) == [true, false, true, true])
  }

  /// Names at the ends of lines that meet stand apart, in the order of the lines, and within the drawing.
  @Test func labelsAreSpread() {
    let places = Labels.spread([50, 49, 52, 200], height: 14, in: 0...120)
    let order = [1, 0, 2, 3].map { places[$0] }
    #expect(zip(order, order.dropFirst()).allSatisfy { $1 - $0 >= 14 - 1e-9 }, "\(places)")
    #expect(places.allSatisfy { 0...120 ~= $0 })
  }

  @Test func textIsCutToItsWidth() {
    let text = "東京 The city of Tokyo"
    let cut = Labels.fitted(text, size: 11, width: 60)
    #expect(cut.hasSuffix("…") && Labels.width(cut, size: 11) <= 60 && text.hasPrefix(cut.dropLast()))
    #expect(Labels.fitted("in", size: 11, width: 60) == "in")
  }

  /// Marks on one level keep their distance, and no level is used without need.
  @Test func marksDoNotLieOnEachOther() {
    var generator = SystemRandomNumberGenerator()
    let seed = UInt64.random(in: 0...UInt64.max, using: &generator)
    var state = seed
    let places = (0..<200).map { _ -> Double in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 33).truncatingRemainder(dividingBy: 400)
    }
    let levels = StripChart.stacked(places)
    for level in Set(levels) {
      let own = zip(places, levels).filter { $1 == level }.map(\.0).sorted()
      #expect(zip(own, own.dropFirst()).allSatisfy { $1 - $0 >= 6 }, "seed \(seed)")
    }
    #expect(StripChart.stacked([0, 10, 20]) == [0, 0, 0] && StripChart.stacked([5, 5, 5]) == [0, 1, 2])
  }

  /// Lightness alone tells the colors apart, for print and for every kind of color vision.
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
