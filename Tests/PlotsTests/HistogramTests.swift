import Testing

@testable import Plots

/// The bars of counts.
@Suite struct HistogramTests {
  /// All finite values are counted: the heights of the bars are in proportion to the counts.
  @Test func histogramCountsEveryValue() {
    let chart = Histogram(
      title: "t",
      groups: [(name: "a", tone: .good, values: [0, 0, 0, 5]), (name: "b", tone: .bad, values: [0, 5, .nan])],
      horizontal: "layer", vertical: "n", isWhole: true)
    let heights = Elements(chart.markup).with("bar").filter { $0["height"] != "10" }.compactMap {
      Double($0["height"] ?? "")
    }
    #expect(heights.count == 4)
    let unit = heights.min() ?? 1
    #expect(heights.map { Int(($0 / unit).rounded()) }.sorted() == [1, 1, 1, 3])
  }

  @Test func aHistogramOfNothingIsADrawing() {
    #expect(Elements(Histogram(title: "t", groups: [], horizontal: "", vertical: "").markup).all.count == 1)
  }
}
