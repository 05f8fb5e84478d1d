import Testing

@testable import Plots

/// The marks of values along one axis.
@Suite struct StripChartTests {
  @Test func stripHasAMarkForEachValueWithinTheDrawing() {
    let values = [-9, 0.2, 0.2, 0.9, 1, 1.1, 40].map { (value: $0, note: "n") }
    let chart = StripChart(
      title: "t",
      groups: [.init(name: "positives", tone: .good, values: values), .init(name: "none", tone: .bad, values: [])],
      horizontal: "similarity", domain: 0...2, shapeName: "f", shape: { abs($0 - 1) < 0.4 ? 1 : 0 })
    let marks = Elements(chart.markup).with("mark").compactMap { Double($0["cx"] ?? "") }
    #expect(marks.count == values.count && marks.allSatisfy { 0...Plot.width ~= $0 })
  }

  /// Marks on one level keep their distance, and no more levels are used than needed.
  @Test func marksDoNotLieOnEachOther() {
    var generator = SystemRandomNumberGenerator()
    let seed = UInt64.random(in: 0...UInt64.max, using: &generator)
    var state = seed
    let centers = (0..<200).map { _ -> Double in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 33).truncatingRemainder(dividingBy: 400)
    }
    let levels = StripChart.stacked(centers)
    for level in Set(levels) {
      let own = zip(centers, levels).filter { $1 == level }.map(\.0).sorted()
      #expect(zip(own, own.dropFirst()).allSatisfy { $1 - $0 >= 6 }, "seed \(seed)")
    }
    #expect(StripChart.stacked([0, 10, 20]) == [0, 0, 0] && StripChart.stacked([5, 5, 5]) == [0, 1, 2])
  }
}
