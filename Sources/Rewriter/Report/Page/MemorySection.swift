import Format
import Plots
import Runtime

/// One memory closely: the fact, its site and why that was taken, what its region takes in, and what it does.
struct MemorySection {
  let result: RewriteResult
  let figures: MemoryFigures
  private var memory: CompiledMemory { result.compiled[figures.index] }
  private var prompts: [PromptResult] { result.results[figures.index].prompts }
  private var row: MemoryRow { memory.rows[0] }
  private var drawings: MemoryDrawings { MemoryDrawings(result: result, figures: figures) }
  private var failing: Int { prompts.count { !$0.holds } }

  init(result: RewriteResult, figures: MemoryFigures) {
    self.result = result
    self.figures = figures
  }

  /// - Parameter isOpen: whether the memory is shown from the start; nil where it is the page's only one.
  func markup(isOpen: Bool?) -> Markup {
    let heading = tag("h2", [:], [.text(memory.spec.name.printable())])
    let content =
      fact + [numbers] + maps
      + [
        tag("h3", [:], [row.cues.isEmpty ? "The region" : "The regions"]), figureGrid(drawings.regions, level: 4),
        tag("h3", [:], ["Before and after"]), PromptTable(prompts: prompts, tokens: figures.tokens).markup,
      ] + considered
    let id = "memory-\(figures.index)"
    guard let isOpen else { return tag("section", ["class": "memory", "id": id], [heading] + content) }
    return .element(
      "details",
      [("class", "memory"), ("id", id), ("data-memory", "\(figures.index)")] + (isOpen ? [("open", "")] : []),
      [
        tag(
          "summary", [:],
          failing == 0
            ? [heading] : [heading, " ", tag("span", ["class": "no"], ["✗ \(Self.fails(failing))"])])
      ] + content)
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
    guard let maps = drawings.maps else { return [] }
    let heading = "Where a patch makes the model say “\((result.targetTexts[figures.index].first ?? "").printable())”"
    return [tag("h3", [:], [.text(heading)]), note(maps.meaning), figureGrid(maps.figures, level: 4)]
  }

  private var considered: [Markup] {
    [tag("h3", [:], ["Why this site"]), tag("p", [:], [.text(Self.sentence(memory.reason.printable(limit: 2000)))])]
      + (memory.considered.isEmpty ? [] : [CandidateTable(candidates: memory.considered).markup])
  }

  private static func fails(_ count: Int) -> String {
    count == 1 ? "1 prompt fails" : "\(count) prompts fail"
  }

  private static func sentence(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst() + "."
  }
}
