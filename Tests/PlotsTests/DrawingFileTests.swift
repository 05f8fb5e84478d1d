import Testing

@testable import Plots

/// Charts as files that need no style sheet.
@Suite struct DrawingFileTests {
  private let charts: [Markup] = [
    LineChart(
      title: "t", series: [.init(name: "both", tone: .both, points: [(x: 0, y: 1), (x: 2, y: 3)])], horizontal: "x",
      vertical: "y", chosen: 2
    ).markup,
    StripChart(
      title: "t",
      groups: Tone.allCases.map {
        .init(name: $0.rawValue, tone: $0, isHollow: $0 == .good, values: [(value: 1, note: "a & b")])
      }, horizontal: "x", domain: 0...2, shapeName: "f", shape: { $0 / 2 }
    ).markup,
    Histogram(title: "t", groups: [(name: "n", tone: .good, values: [1, 2])], horizontal: "x", vertical: "y").markup,
    HeatMap(
      title: "t", rowNames: ["a"], cells: [[.init(value: 1, note: "n")]], marked: (row: 0, column: 0),
      columnsName: "layer", valueName: "p"
    ).markup,
  ]

  /// Every shape has its own color, a size is given, and what names the drawing is told.
  @Test func aFileHasItsOwnColors() throws {
    for chart in charts {
      let text = chart.drawingFile(title: "a <title>", caption: "what & why")
      let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      #expect(text.hasPrefix(head))
      let elements = Elements(.verbatim(String(text.dropFirst(head.count))))
      let root = try #require(elements.all.first)
      #expect(root.name == "svg" && root.attributes["xmlns"] == "http://www.w3.org/2000/svg")
      #expect(root.attributes["viewBox"] == "0 0 \(root.attributes["width"] ?? "") \(root.attributes["height"] ?? "")")
      #expect(elements.text.contains("a <title>") && elements.text.contains("what & why"))
      for (name, attributes) in elements.all where !["svg", "title", "desc"].contains(name) {
        #expect(attributes["class"] == nil && (attributes["fill"] ?? attributes["stroke"]) != nil, "\(name)")
        for value in attributes.values { #expect(!value.contains("var(")) }
      }
    }
  }

  /// A page and a file draw alike: each color of the style sheet is one of the page's variables, and the later rule counts.
  @Test func aRuleMoreSpecialCounts() {
    func looks(_ element: String, _ roles: String) -> [String: String] {
      Dictionary(uniqueKeysWithValues: ChartStyle.attributes(of: element, roles: roles))
    }
    #expect(looks("circle", "mark good")["fill"] == ChartColor.good.light)
    #expect(looks("circle", "mark good hollow")["fill"] == ChartColor.ground.light)
    #expect(looks("path", "mark other")["stroke"] == "none")
    #expect(looks("text", "tick bad")["fill"] == ChartColor.bad.light)
    #expect(
      looks("text", "tick")["fill"] == ChartColor.soft.light && looks("text", "tick word")["xml:space"] == "preserve")
    let known = Set(ChartColor.allCases.map { "var(--\($0.rawValue))" })
    let used = ChartStyle.css.matches(of: /var\(--[a-z]+\)/).map { String($0.output) }
    #expect(!used.isEmpty && known.isSuperset(of: used))
    #expect(ChartStyle.variables(\.dark).contains("--good: \(ChartColor.good.dark);"))
  }

  /// What a chart shows is told in words.
  @Test func chartsTellWhatTheyShow() {
    let told = charts.map { Elements($0).all[0].attributes["aria-label"] }
    #expect(
      told == [
        "t. both: 1 at 0, highest 3 at 2, 3 at 2; 3 at the chosen 2.",
        "t. good: 1 at 1; bad: 1 at 1; both: 1 at 1; other: 1 at 1.", "t. n: 2 from 1 to 2, median 2.",
        "t. Highest 1 in row a, layer 0; 1 in the framed cell, row a, layer 0.",
      ])
    #expect(summary(of: []) == "none" && summary(of: [.nan, 3, 3]) == "2 at 3")
    #expect(summary(of: [5, 1, 2]) == "3 from 1 to 5, median 2")
  }
}
