import Format
import Plots
import Runtime

/// A table of all memories, one per line, that is sorted by any column.
struct OverviewTable {
  let result: RewriteResult

  /// The first three columns are texts, the others numbers: the style sheet knows them by their place.
  private static let heads = [
    "Memory", "Fact", "Site", "Rows", "Boundary", "‖Δ‖", "p(target) before", "after", "Positives", "Negatives",
    "Held out", "Fires on other text",
  ]

  var markup: Markup {
    let shown = Set(result.figures.map(\.index))
    return table(
      "All memories", "overview",
      heads: Self.heads.map { columnHead(isNumber: false, .text($0)) },
      rows: result.compiled.indices.map { index in
        let isWhole = result.results[index].prompts.allSatisfy(\.holds)
        return .element(
          "tr", [("data-memory", "\(index)")] + (isWhole ? [] : [("data-fails", "")]),
          fact(index, isShownClosely: shown.contains(index)) + numbers(index) + outcome(index))
      }, isBoxed: result.compiled.count > 30)
  }

  private func fact(_ index: Int, isShownClosely: Bool) -> [Markup] {
    let memory = result.compiled[index]
    let name = Markup.text(memory.spec.name.printable())
    return [
      tag("th", ["scope": "row"], [isShownClosely ? tag("a", ["href": "#memory-\(index)"], [name]) : name]),
      tag(
        "td", [:],
        ["\(memory.spec.prompt.printable()) →", tag("b", [:], [.text(memory.spec.target.printable())])]),
      cell("\(memory.address.site.rawValue) \(memory.address.layer)"),
    ]
  }

  private func numbers(_ index: Int) -> [Markup] {
    let (memory, key) = (result.compiled[index], result.results[index].prompts[0])
    let row = memory.rows[0]
    return [
      cell("\(memory.rows.count)"), cell(number(row.boundary)), cell(number(Float(row.deltaNorm))),
      cell(probability(key.targetBefore)), cell(probability(key.targetAfter)),
    ]
  }

  private func outcome(_ index: Int) -> [Markup] {
    let outcome = result.results[index]
    let (positives, negatives) = (
      outcome.count(positive: true, heldOut: true), outcome.count(positive: false, heldOut: true)
    )
    return [
      share(outcome.count(positive: true)), share(outcome.count(positive: false)),
      share((positives.holding + negatives.holding, positives.of + negatives.of)),
      cell(result.compiled[index].otherText.map { "\($0.fired) of \($0.of)" } ?? "–"),
    ]
  }

  private func cell(_ text: String) -> Markup { tag("td", [:], [.text(text)]) }

  private func share(_ counts: (holding: Int, of: Int)) -> Markup {
    guard counts.of > 0 else { return cell("–") }
    let text = "\(counts.holding)/\(counts.of)"
    return counts.holding == counts.of ? cell(text) : tag("td", ["class": "no"], ["✗ \(text)"])
  }
}
