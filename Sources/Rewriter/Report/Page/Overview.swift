import Format
import Plots
import Runtime

/// Many memories at a glance: a table to sort, how their numbers are spread, and who acts on whose prompt.
struct Overview {
  let result: RewriteResult

  var markup: [Markup] {
    [
      tag(
        "section", [:],
        [
          tag("h2", [:], ["All memories"]),
          tag(
            "p", ["class": "soft small"],
            [
              .text(
                "A line a memory; press a heading to sort by it. "
                  + (result.figures.count < result.compiled.count
                    ? "\(result.figures.count) of them are shown closely below, those with a failing prompt first."
                    : "Each is shown closely below."))
            ]), table,
        ]), tag("section", [:], [tag("h2", [:], ["How their numbers are spread"]), distributions]),
      tag("section", [:], [tag("h2", [:], ["Conflicts"])] + conflicts),
    ]
  }

  private var table: Markup {
    let heads: [(String, Bool)] = [
      ("Memory", false), ("Fact", false), ("Place", false), ("Rows", true), ("Boundary", true), ("‖Δ‖", true),
      ("p(target) before", true), ("after", true), ("Positives", true), ("Negatives", true), ("Held out", true),
      ("Fires on other text", true),
    ]
    let closely = Set(result.figures.map(\.index))
    let rows = result.compiled.indices.map { i -> Markup in
      let (memory, outcome) = (result.compiled[i], result.results[i])
      func share(_ counts: (holding: Int, of: Int)) -> Markup {
        guard counts.of > 0 else { return cell("–", value: "2") }
        let isWhole = counts.holding == counts.of
        return tag(
          "td",
          [
            "class": "number \(isWhole ? "yes" : "no")",
            "data-value": "\(Double(counts.holding) / Double(counts.of))",
          ], ["\(isWhole ? "" : "✗ ")\(counts.holding)/\(counts.of)"])
      }
      func cell(_ text: String, value: String? = nil) -> Markup {
        tag("td", ["class": "number", "data-value": value ?? text], [.text(text)])
      }
      let (heldPositives, heldNegatives) = (
        outcome.count(positive: true, heldOut: true), outcome.count(positive: false, heldOut: true)
      )
      let name = Markup.text(memory.spec.name.printable())
      let key = outcome.prompts[0]
      return tag(
        "tr", [:],
        [
          tag("td", ["class": "text"], [closely.contains(i) ? tag("a", ["href": "#memory-\(i)"], [name]) : name]),
          tag(
            "td", ["class": "text"],
            ["\(memory.spec.prompt.printable()) →", tag("b", [:], [.text(memory.spec.target.printable())])]),
          tag(
            "td", ["class": "nowrap", "data-value": "\(memory.address.index)"],
            ["\(memory.address.site.rawValue) \(memory.address.layer)"]),
          cell("\(memory.rows.count)"), cell(number(memory.rows[0].boundary), value: "\(memory.rows[0].boundary)"),
          cell(number(length(memory.rows[0].delta)), value: "\(length(memory.rows[0].delta))"),
          cell(probability(key.targetBefore), value: "\(key.targetBefore)"),
          cell(probability(key.targetAfter), value: "\(key.targetAfter)"),
          share(outcome.count(positive: true)), share(outcome.count(positive: false)),
          share((heldPositives.holding + heldNegatives.holding, heldPositives.of + heldNegatives.of)),
          memory.otherText.map { cell("\($0.fired) of \($0.of)", value: "\(Double($0.fired) / Double(max(1, $0.of)))") }
            ?? cell("–", value: "-1"),
        ])
    }
    let head = heads.map { name, isNumber in
      tag("th", ["class": isNumber ? "number" : ""], [tag("button", ["type": "button"], [.text(name)])])
    }
    return tag(
      "div", ["class": "scroll"],
      [tag("table", [:], [tag("thead", [:], [tag("tr", [:], head)]), tag("tbody", [:], rows)])])
  }

  private var distributions: Markup {
    let prompts = result.results.flatMap(\.prompts)
    func values(_ positive: Bool, _ value: (PromptResult) -> Float) -> [Double] {
      prompts.filter { $0.role.isPositive == positive }.map { Double(value($0)) }
    }
    func similarity(_ prompt: PromptResult) -> Float { min(2, max(-1, prompt.similarity)) }
    func spread(_ title: String, _ values: [Float], _ name: String, _ caption: String, isWhole: Bool = false) -> Markup
    {
      figure(
        title,
        Histogram(
          title: title, groups: [(name: "memories", tone: .good, values: values.map { Double($0) })],
          horizontal: name, vertical: "memories", isWhole: isWhole
        ).markup, caption)
    }
    let negatives = values(false, similarity)
    return tag(
      "div", ["class": "figures"],
      [
        figure(
          "Similarity to the key",
          Histogram(
            title: "Similarity of all prompts to their memory's key",
            groups: [(name: "positives", tone: .good, values: values(true, similarity))]
              + (negatives.isEmpty ? [] : [(name: "negatives", tone: .bad, values: negatives)]),
            horizontal: "similarity", vertical: "prompts"
          ).markup,
          "All prompts by their similarity to their own memory's key. Positives belong near 1, negatives far from it. "
            + "Values beyond −1 and 2 stand at the ends."),
        figure(
          "p(target) behind the positives",
          Histogram(
            title: "Probability of the target behind positives in the patched model",
            groups: [(name: "patched", tone: .good, values: values(true) { Float(exponential($0.targetAfter)) })],
            horizontal: "p(target), patched", vertical: "positives"
          ).markup, "How sure the patched model is of the target's first token behind each positive."),
        spread(
          "Boundary", result.compiled.map { $0.rows[0].boundary }, "boundary b",
          "How far the regions reach. A large boundary takes in more wordings, and more that it should not."),
        spread(
          "Size of the delta", result.compiled.map { length($0.rows[0].delta) }, "‖Δ‖",
          "How hard the memories push. Those at the right end needed most to change the model's mind."),
        spread(
          "Layer", result.compiled.map { Float($0.address.layer) }, "layer",
          "Where in the model's depth the memories stand, 0 being the first layer.", isWhole: true),
      ])
  }

  private var conflicts: [Markup] {
    guard !result.link.crossings.isEmpty else {
      return [tag("p", [:], ["No memory acts on the prompt of another, memories that the file had before included."])]
    }
    return [
      tag("p", ["class": "soft small"], ["A memory that fires on another's own prompt may change what that one says."]),
      tag(
        "ul", [:],
        result.link.crossings.map {
          tag(
            "li", [:],
            [
              tag("b", [:], [.text($0.memory.printable())]), " acts on the prompt of ",
              tag("b", [:], [.text($0.prompt.printable())]),
            ])
        }),
    ]
  }
}
