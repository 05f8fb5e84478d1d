import Format
import Plots
import Runtime

/// All figures of one memory.
struct MemoryDrawings {
  let result: RewriteResult
  let figures: MemoryFigures
  private var memory: CompiledMemory { result.compiled[figures.index] }
  private var prompts: [PromptResult] { result.results[figures.index].prompts }
  private var row: MemoryRow { memory.rows[0] }

  /// The token × layer maps, one for each site; nil where none was made.
  var maps: (meaning: String, figures: [Figure])? {
    PatchMap(figures.map).map { map in
      let drawings = Site.allCases.map { site in
        let marked = memory.address.site == site ? (row: row.position, column: memory.address.layer) : nil
        return map.figure(site, tokens: figures.tokens.first ?? [], marked: marked)
      }
      return (map.meaning, drawings)
    }
  }

  /// The boundary curve, where there is one, and a strip for each region of the first row.
  var regions: [Figure] {
    [curve].compactMap(\.self)
      + figures.strips.map { RegionFigure(strip: $0, prompts: prompts, tokens: figures.tokens).figure }
  }

  private var curve: Figure? {
    guard figures.curve.count > 1 else { return nil }
    func series(_ name: String, _ tone: Tone, _ value: (BoundaryPoint) -> Int) -> LineChart.Series {
      .init(name: name, tone: tone, points: figures.curve.map { (x: Double($0.boundary), y: Double(value($0))) })
    }
    let hasNegatives = prompts.contains { $0.role == .negative }
    let chart = LineChart(
      title: "Prompts that come out right by boundary",
      series: [series("positives", .good) { $0.positives }]
        + (hasNegatives
          ? [series("negatives", .bad) { $0.negatives }, series("both", .both) { $0.positives + $0.negatives }] : []),
      horizontal: "boundary b of the first row", vertical: "prompts that come out right", kind: .logarithmic,
      chosen: Double(row.boundary), countsPoints: true)
    return Figure(
      name: .boundaries, heading: "What other boundaries would do", drawing: chart.markup,
      caption:
        "Positives that go on with the target and negatives that go on as before, for each boundary that the first "
        + "row could have had. A region that is too small loses wordings, one that is too large takes in what it should not.",
      data: DataTable(
        ["boundary", "positives_right", "negatives_right", "chosen"],
        figures.curve.map {
          ["\($0.boundary)", "\($0.positives)", "\($0.negatives)", "\($0.boundary == row.boundary)"]
        }))
  }
}
