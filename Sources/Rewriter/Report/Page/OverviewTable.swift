import Format
import Plots
import Runtime

/// A table of all memories, one per line, that is sorted by any column.
struct OverviewTable {
  let result: RewriteResult

  private static let heads: [(name: String, isNumber: Bool)] = [
    ("Memory", false), ("Fact", false), ("Site", false), ("Rows", true), ("Boundary", true), ("‖Δ‖", true),
    ("p(target) before", true), ("after", true), ("Positives", true), ("Negatives", true), ("Held out", true),
    ("Fires on other text", true),
  ]

  var markup: Markup {
    table(
      heads: Self.heads.map { name, isNumber in
        columnHead(isNumber: isNumber, tag("button", ["type": "button"], [.text(name)]))
      }, rows: result.compiled.indices.map { tag("tr", [:], fact($0) + numbers($0) + outcome($0)) })
  }

  private func fact(_ index: Int) -> [Markup] {
    let memory = result.compiled[index]
    let name = Markup.text(memory.spec.name.printable())
    let isShownClosely = result.figures.contains { $0.index == index }
    return [
      tag("td", ["class": "text"], [isShownClosely ? tag("a", ["href": "#memory-\(index)"], [name]) : name]),
      tag(
        "td", ["class": "text"],
        ["\(memory.spec.prompt.printable()) →", tag("b", [:], [.text(memory.spec.target.printable())])]),
      tag(
        "td", ["class": "nowrap", "data-value": "\(memory.address.index)"],
        ["\(memory.address.site.rawValue) \(memory.address.layer)"]),
    ]
  }

  private func numbers(_ index: Int) -> [Markup] {
    let (memory, key) = (result.compiled[index], result.results[index].prompts[0])
    let row = memory.rows[0]
    let deltaNorm = Float(row.deltaNorm)
    return [
      cell("\(memory.rows.count)"), cell(number(row.boundary), value: "\(row.boundary)"),
      cell(number(deltaNorm), value: "\(deltaNorm)"),
      cell(probability(key.targetBefore), value: "\(key.targetBefore)"),
      cell(probability(key.targetAfter), value: "\(key.targetAfter)"),
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
      result.compiled[index].otherText.map {
        cell("\($0.fired) of \($0.of)", value: "\(Double($0.fired) / Double(max(1, $0.of)))")
      } ?? cell("–", value: "-1"),
    ]
  }

  /// - Parameter value: what the column is sorted by; nil for the text itself.
  private func cell(_ text: String, value: String? = nil) -> Markup {
    tag("td", ["class": "number", "data-value": value ?? text], [.text(text)])
  }

  private func share(_ counts: (holding: Int, of: Int)) -> Markup {
    // Memories without such prompts come last.
    guard counts.of > 0 else { return cell("–", value: "2") }
    let isWhole = counts.holding == counts.of
    return tag(
      "td",
      [
        "class": "number \(isWhole ? "yes" : "no")", "data-value": "\(Double(counts.holding) / Double(counts.of))",
      ], ["\(isWhole ? "" : "✗ ")\(counts.holding)/\(counts.of)"])
  }
}
