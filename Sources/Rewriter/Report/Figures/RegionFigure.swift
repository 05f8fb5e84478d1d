import Format
import Plots
import Runtime

/// One region of a memory: its shape, and how prompts and other text lie about it.
struct RegionFigure {
  let strip: RegionStrip
  let prompts: [PromptResult]
  /// The tokens of each prompt as text.
  let tokens: [[String]]

  var figure: Figure {
    Figure(name: name, heading: heading, drawing: drawing, caption: caption, data: data)
  }

  private var drawing: Markup {
    let groups = groups
    let reach = Double(strip.boundary) * 1.3
    let values = groups.flatMap { $0.values.map(\.value) }.filter(\.isFinite)
    let low = max(-1.5, min(values.min() ?? 0, 1 - reach, 0))
    let high = min(2.5, max(values.max() ?? 1, 1 + reach))
    let (boundary, hardness) = (strip.boundary, strip.hardness)
    let chart = StripChart(
      title: title, groups: groups, horizontal: "similarity to the key, (a · k) / ‖k‖²", domain: low...high,
      shapeName: "f"
    ) { similarity in
      Double(MemoryRegion.strength(similarity: Float(similarity), boundary: boundary, hardness: hardness))
    }
    return chart.markup
  }

  private var name: Figure.Name {
    switch strip.role {
    case nil: .region
    case .seen: .seen
    case .here: .here
    case .asked: .asked
    }
  }

  private var data: DataTable {
    func strength(_ similarity: Float) -> String {
      "\(MemoryRegion.strength(similarity: similarity, boundary: strip.boundary, hardness: strip.hardness))"
    }
    let own = zip(zip(prompts, tokens), strip.prompts).map { prompt, place in
      [
        prompt.0.role.rawValue, prompt.0.prompt, "\(place.token)", prompt.1[place.token], "\(place.similarity)",
        strength(place.similarity),
      ]
    }
    let others = strip.background.map { ["other text", "", "", "", "\($0)", strength($0)] }
    return DataTable(["kind", "prompt", "token", "text", "similarity", "strength"], own + others)
  }

  private var groups: [StripChart.Group] {
    func group(_ name: String, _ tone: Tone, _ role: [PromptResult.Role], isHollow: Bool = false) -> StripChart.Group? {
      let values = zip(prompts.indices, prompts).filter { role.contains($1.role) && $0 < strip.prompts.count }.map {
        i, prompt -> (value: Double, note: String) in
        let place = strip.prompts[i]
        let token = tokens[i][place.token].printable()
        return (Double(place.similarity), "\(prompt.prompt.printable()) — “\(token)”: \(number(place.similarity))")
      }
      return values.isEmpty ? nil : .init(name: name, tone: tone, isHollow: isHollow, values: values)
    }
    return [
      group("positives", .good, [.key, .positive]), group("held out", .good, [.heldOutPositive], isHollow: true),
      group("negatives", .bad, [.negative]), group("held out", .bad, [.heldOutNegative], isHollow: true),
      .init(name: "other text", tone: .other, values: strip.background.map { (Double($0), "") }),
    ].compactMap(\.self)
  }

  private var title: String {
    let what = strip.role.map { "the region “\($0.rawValue)”" } ?? "the region"
    return "Similarities of prompts and other text against \(what)"
  }

  private var heading: String {
    switch strip.role {
    case nil: "What falls into the region"
    case .seen: "Seen: has the subject been named?"
    case .here: "Here: is it asked about at this token?"
    case .asked: "Asked: is this the memory's question?"
    }
  }

  private var caption: String {
    switch strip.role {
    case nil:
      "Above, the share f of the delta that a token receives. Below, each prompt by its token nearest to the key, and "
        + "every token of text that has nothing to do with the fact. The memory fires where f is above 0. Hollow marks are "
        + "held-out prompts; values beyond the axis stand at its ends."
    case .seen:
      "Above, how far the subject counts as seen. Below, each prompt by the token where it is seen best, and every token "
        + "of text that has nothing to do with the fact. From such a token on, the text has named the subject. Negatives "
        + "about the subject belong inside: the other regions keep them out."
    case .here:
      "Below, each prompt by its last token. The memory can act only where the question is about the subject and not "
        + "about something else that was named after it."
    case .asked:
      "The memory's own region. Below, each prompt by its last token. It says which question is asked, whoever it is "
        + "about. The share of the delta is the product of all regions: the memory fires only inside all of them."
    }
  }
}
