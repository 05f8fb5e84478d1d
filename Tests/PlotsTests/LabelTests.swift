import Testing

@testable import Plots

/// Labels that keep apart.
@Suite struct LabelTests {
  @Test func labelsThatWouldTouchAreLeftOut() {
    let labels = [(center: 0.0, width: 10.0), (center: 8, width: 10), (center: 15, width: 10), (center: 40, width: 30)]
    #expect(Labels.thinned(labels) == [true, false, true, true])
  }

  /// Names at the ends of lines that meet are apart, in the order of the lines, and within the drawing.
  @Test func labelsAreSpread() {
    let centers = Labels.spread([50, 49, 52, 200], height: 14, in: 0...120)
    let order = [1, 0, 2, 3].map { centers[$0] }
    #expect(zip(order, order.dropFirst()).allSatisfy { $1 - $0 >= 14 - 1e-9 }, "\(centers)")
    #expect(centers.allSatisfy { 0...120 ~= $0 })
  }

  @Test func textIsCutToItsWidth() {
    let text = "東京 The city of Tokyo"
    let cut = Labels.fitted(text, size: 11, width: 60)
    #expect(cut.hasSuffix("…") && Labels.width(cut, size: 11) <= 60 && text.hasPrefix(cut.dropLast()))
    #expect(Labels.fitted("in", size: 11, width: 60) == "in")
  }
}
