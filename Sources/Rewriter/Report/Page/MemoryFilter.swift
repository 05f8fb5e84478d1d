import Plots

/// The fields that choose which memories the page shows. They work by script, and show only with it.
struct MemoryFilter {
  /// Of all memories.
  let count: Int

  var markup: Markup {
    tag(
      "form", ["role": "search", "class": "filter", "aria-label": "Memories", "hidden": ""],
      [
        tag(
          "label", [:],
          ["Name, prompt or target ", tag("input", ["type": "search", "name": "words", "autocomplete": "off"])]),
        tag("label", [:], [tag("input", ["type": "checkbox", "name": "failing"]), " Only those that fail"]),
        tag("output", ["aria-live": "polite"], ["\(count) memories"]),
      ])
  }
}
