import Format
import Plots
import Runtime

/// Many memories at a glance: a table to filter and to sort, the prompts that fail, how the memories' numbers are spread,
/// and which act on others' prompts.
struct Overview {
  let result: RewriteResult

  /// The sections' anchors and headings, for the page's navigation.
  var contents: [(id: String, heading: String)] { sections.map { ($0.id, $0.heading) } }

  var markup: [Markup] {
    sections.map { section in
      tag("section", ["id": section.id], [tag("h2", [:], [.text(section.heading)])] + section.content)
    }
  }

  private var sections: [(id: String, heading: String, content: [Markup])] {
    let failing = FailingPrompts(result: result)
    return [("all", "All memories", memories)]
      + (failing.isEmpty ? [] : [("failing", "Prompts that fail", failing.markup)])
      + [
        ("spread", "How their numbers are spread", [figureGrid(Distributions(result: result).figures, level: 3)]),
        ("conflicts", "Conflicts", conflicts),
      ]
  }

  private var memories: [Markup] {
    let shown = result.figures.count
    return [
      note(
        "One line per memory. "
          + (shown < result.compiled.count
            ? "\(shown) of them are shown closely below, those with a failing prompt first."
            : "Each is shown closely below.")),
      MemoryFilter(count: result.compiled.count).markup, OverviewTable(result: result).markup,
    ]
  }

  private var conflicts: [Markup] {
    guard !result.link.crossings.isEmpty else {
      return [
        tag("p", [:], ["No memory acts on the key prompt of another, including the memories that the file had before."])
      ]
    }
    return [note("A memory that fires on another's key prompt may change what that one says.")]
      + foldedList(result.link.crossings) {
        [
          tag("b", [:], [.text($0.memory.printable())]), " acts on the key prompt of ",
          tag("b", [:], [.text($0.prompt.printable())]),
        ]
      }
  }
}
