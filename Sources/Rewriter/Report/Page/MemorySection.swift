import Format
import Foundation
import Plots
import Runtime

/// One memory closely: the fact, its site and why that was taken, what its region takes in, and what it does.
struct MemorySection {
  let result: RewriteResult
  let figures: MemoryFigures
  private var memory: CompiledMemory { result.compiled[figures.index] }
  private var prompts: [PromptResult] { result.results[figures.index].prompts }
  private var row: MemoryRow { memory.rows[0] }

  init(result: RewriteResult, figures: MemoryFigures) {
    self.result = result
    self.figures = figures
  }

  var markup: Markup {
    tag(
      "section", ["class": "memory", "id": "memory-\(figures.index)"],
      [tag("h2", [:], [.text(memory.spec.name.printable())])] + fact + [numbers] + maps
        + [
          tag("h3", [:], [row.cues.isEmpty ? "The region" : "The regions"]),
          figureGrid([curve].compactMap(\.self) + strips),
        ]
        + [tag("h3", [:], ["Before and after"]), PromptTable(prompts: prompts, tokens: figures.tokens).markup]
        + considered)
  }

  private var fact: [Markup] {
    let targets = zip(memory.targetIDs, result.targetTexts[figures.index]).map { id, text in
      tag("span", ["class": "token"], [.text(text.printable()), tag("small", [:], [" \(id)"])])
    }
    let tokens = (figures.tokens.first ?? []).enumerated().map { i, text in
      tag("span", ["class": i == row.position ? "token marked" : "token"], [.text(text.printable())])
    }
    return [
      tag(
        "p", ["class": "fact"],
        ["“\(memory.spec.prompt.printable())” → ", tag("b", [:], ["“\(memory.spec.target.printable())”"])]),
      tag("p", ["class": "small"], tokens + [" → "] + targets),
      note("The prompt's tokens, the one that the memory watches framed, and the target's tokens with their ids."),
    ]
  }

  private var numbers: Markup {
    let steps = memory.steps.first ?? 1
    var values: [(value: String, meaning: String)] = [
      ("\(memory.address.site.rawValue), layer \(memory.address.layer)", "the memory's site and layer"),
      (memory.spec.method.rawValue, memory.spec.method == .seed ? "method: the post's" : "method: the compiler's own"),
      (number(row.boundary), "boundary b: how far from 1 the similarity may be"),
      (number(row.hardness), "hardness h: how sharp the region's edge is"),
      (number(Float(row.deltaNorm)), "‖Δ‖, the length of the delta"),
      (number(Float(row.keyNorm)), "‖k‖, the length of the key"),
      (number(row.alpha), "alpha: ‖Δ‖ over the gradient's length"),
      ("\(steps)", steps == 1 ? "gradient step made the delta" : "gradient steps made the delta"),
    ]
    for cue in row.cues {
      values.append(
        (number(cue.boundary), "boundary of “\(RegionReading.Role(cue.mode).rawValue)”, watched at \(cue.module)"))
    }
    if memory.rows.count > 1 {
      values.insert(("\(memory.rows.count)", "rows, at most one per token of the target"), at: 2)
    }
    if let other = memory.otherText {
      values.append(("\(other.fired) of \(other.of)", "tokens of other text on which it fires"))
    }
    return numberTiles(values)
  }

  private var maps: [Markup] {
    guard let map = PatchMap(figures.map) else { return [] }
    let heading = "Where a patch makes the model say “\((result.targetTexts[figures.index].first ?? "").printable())”"
    let drawings = Site.allCases.map { site in
      let marked = memory.address.site == site ? (row: row.position, column: memory.address.layer) : nil
      return figure(
        site == .attn
          ? "attn: into the attention's output projection" : "mlp: into the feed-forward's output projection",
        map.drawing(site, tokens: figures.tokens.first ?? [], marked: marked),
        marked == nil ? "" : "The framed cell is where the memory acts.")
    }
    return [
      tag("h3", [:], [.text(heading)]), note(map.meaning),
      figureGrid(drawings),
    ]
  }

  private var curve: Markup? {
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
    return figure(
      "What other boundaries would do", chart.markup,
      "Positives that go on with the target and negatives that go on as before, for each boundary that the first "
        + "row could have had. A region that is too small loses wordings, one that is too large takes in what it should not."
    )
  }

  private var strips: [Markup] {
    figures.strips.map { RegionFigure(strip: $0, prompts: prompts, tokens: figures.tokens).markup }
  }

  private var considered: [Markup] {
    [tag("h3", [:], ["Why this site"]), tag("p", [:], [.text(Self.sentence(memory.reason.printable(limit: 2000)))])]
      + (memory.considered.isEmpty ? [] : [CandidateTable(candidates: memory.considered).markup])
  }

  private static func sentence(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst() + "."
  }
}
