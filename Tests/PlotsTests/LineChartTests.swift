import Testing

@testable import Plots

/// The points of lines, and the chosen value.
@Suite struct LineChartTests {
  /// Each point has a mark at its height; the line of the chosen value goes through its mark.
  @Test func linesGoThroughTheirPoints() throws {
    let points = [(x: 0.01, y: 1.0), (x: 0.1, y: 3), (x: 1, y: 2)]
    let chart = LineChart(
      title: "t", series: [.init(name: "positives", tone: .good, points: points)], horizontal: "b", vertical: "n",
      kind: .logarithmic, chosen: 0.1)
    let elements = Elements(chart.markup)
    let marks = elements.with("mark").compactMap { Double($0["cy"] ?? "") }
    #expect(marks.count == 3 && marks[1] < marks[2] && marks[2] < marks[0])
    let line = try #require(elements.with("chosen-line").first)
    #expect(line["x1"] == elements.with("mark")[1]["cx"])
    #expect(elements.text.contains("chosen 0.1"))
  }

  @Test func aChartOfNothingIsADrawing() {
    #expect(Elements(LineChart(title: "t", series: [], horizontal: "", vertical: "").markup).all.count == 1)
  }
}
