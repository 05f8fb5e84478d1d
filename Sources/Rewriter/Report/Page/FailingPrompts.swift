import Format
import Plots
import Runtime

/// The prompts of all memories that do not come out as the spec asks, in one table.
struct FailingPrompts {
  private let prompts: [(memory: Int, name: String, prompt: PromptResult)]

  /// The most prompts in the table: a page of tens of thousands would not open.
  private static let limit = 1000

  init(result: RewriteResult) {
    prompts = zip(result.compiled.indices, result.results).flatMap { index, outcome in
      outcome.prompts.filter { !$0.holds }.map { (index, result.compiled[index].spec.name, $0) }
    }
  }

  var isEmpty: Bool { prompts.isEmpty }

  private static let heads: [(name: String, isNumber: Bool)] = [
    ("Memory", false), ("Kind", false), ("Prompt", false), ("Base", false), ("Patched", false), ("p(target)", true),
    ("Fired", false),
  ]

  var markup: [Markup] {
    let shown = prompts.prefix(Self.limit)
    let texts = DistinctTexts(shown.map(\.prompt.prompt), columns: 200).texts
    return [
      note(
        "Positives (+) that do not go on with the target, and negatives (−) that do not go on as before."
          + (shown.count < prompts.count
            ? " These are the first \(shown.count) of \(prompts.count); --json tells all." : "")),
      table(
        "Prompts that fail", "prompts", heads: Self.heads.map { columnHead(isNumber: $0.isNumber, .text($0.name)) },
        rows: zip(shown, texts).map(row), isBoxed: shown.count > 30),
    ]
  }

  private func row(_ failing: (memory: Int, name: String, prompt: PromptResult), text: String) -> Markup {
    let prompt = failing.prompt
    let fired = PromptTable.fired(prompt)
    let cells = [
      PromptTable.sign(prompt.role), text, prompt.before.printable(), prompt.after.printable(),
      PromptTable.probabilities(prompt),
      fired.isEmpty ? "nothing" : fired.listed(limit: PromptTable.firedLimit).printable(),
    ]
    return tag(
      "tr", ["data-memory": "\(failing.memory)"],
      [tag("th", ["scope": "row", "data-name": "Memory"], [.text(failing.name.printable())])]
        + zip(Self.heads.dropFirst(), cells).map { head, cell in
          tag("td", ["class": head.isNumber ? "number" : "text", "data-name": head.name], [.text(cell)])
        })
  }
}
