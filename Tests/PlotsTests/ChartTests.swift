import Foundation
import Testing

@testable import Plots

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// The elements of a drawing, read back; a drawing that is not well-formed has none and a failure.
final class Elements: NSObject, XMLParserDelegate {
  private(set) var all: [(name: String, attributes: [String: String])] = []
  private(set) var text = ""

  init(_ markup: Markup, _ location: SourceLocation = #_sourceLocation) {
    super.init()
    let parser = XMLParser(data: Data(markup.text.utf8))
    parser.delegate = self
    #expect(parser.parse(), "\(parser.parserError.debugDescription)", sourceLocation: location)
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) { all.append((name, attributes)) }

  func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }

  func with(_ role: String) -> [[String: String]] {
    all.map(\.attributes).filter { $0["class"]?.split(separator: " ").contains(Substring(role)) == true }
  }
}

@Suite struct ChartTests {
  /// Whatever a prompt holds, it stays text.
  @Test func contentNeverBecomesMarkup() {
    let hostile = "</title><script>alert(\"x\")</script>&amp;\u{0}\u{1B}[31m"
    let markup = tag("p", ["title": hostile], [.text(hostile)])
    let elements = Elements(markup)
    #expect(elements.all.count == 1)
    #expect(elements.text == "</title><script>alert(\"x\")</script>&amp;\u{FFFD}\u{FFFD}[31m")
    #expect(elements.all[0].attributes["title"] == elements.text)
  }

  @Test func heatMapColorsEachCellAndFramesOne() throws {
    let cells: [[HeatMap.Cell?]] = [
      [.init(value: 0, note: "a"), nil], [.init(value: 1, note: "b"), .init(value: 0.5, note: "c")],
    ]
    let map = HeatMap(
      title: "t", rowNames: ["x", "y"], cells: cells, marked: (row: 1, column: 0), columnsName: "layer", valueName: "p")
    let elements = Elements(map.markup)
    let fills = elements.all.filter { $0.name == "rect" && $0.attributes["fill"] != nil && $0.attributes["y"] != "5" }
    #expect(fills.map { $0.attributes["fill"] } == [0, 1, 0.5].map { ColorMap.color($0) })
    let frame = try #require(elements.with("chosen").first)
    let cell = fills[1].attributes
    #expect(abs(try #require(Double(frame["x"] ?? "")) - (try #require(Double(cell["x"] ?? "")))) < 1)
    #expect(abs(try #require(Double(frame["y"] ?? "")) - (try #require(Double(cell["y"] ?? "")))) < 1)
  }

  /// Every point has a mark at its height, and the chosen one's line stands where it does.
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

  @Test func stripHasAMarkForEachValueWithinTheDrawing() {
    let values = [-9, 0.2, 0.2, 0.9, 1, 1.1, 40].map { (value: $0, note: "n") }
    let chart = StripChart(
      title: "t",
      groups: [.init(name: "positives", tone: .good, values: values), .init(name: "none", tone: .bad, values: [])],
      horizontal: "similarity", domain: 0...2, shapeName: "f", shape: { abs($0 - 1) < 0.4 ? 1 : 0 })
    let marks = Elements(chart.markup).with("mark").compactMap { Double($0["cx"] ?? "") }
    #expect(marks.count == values.count && marks.allSatisfy { 0...Plot.width ~= $0 })
  }

  /// The bars hold all values: their heights are in proportion to the counts.
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

  @Test func chartsOfNothingAreDrawings() {
    #expect(Elements(LineChart(title: "t", series: [], horizontal: "", vertical: "").markup).all.count == 1)
    #expect(Elements(Histogram(title: "t", groups: [], horizontal: "", vertical: "").markup).all.count == 1)
    let map = HeatMap(title: "t", rowNames: [], cells: [], marked: nil, columnsName: "", valueName: "")
    #expect(!Elements(map.markup).all.isEmpty)
  }
}
