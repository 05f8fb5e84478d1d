import Testing

@testable import Plots

/// The cells of a map, and the frame around one.
@Suite struct HeatMapTests {
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

  @Test func aMapOfNothingIsADrawing() {
    let map = HeatMap(title: "t", rowNames: [], cells: [], marked: nil, columnsName: "", valueName: "")
    #expect(!Elements(map.markup).all.isEmpty)
  }
}
