import Format
import Plots
import Runtime

/// Many memories at a glance: a table to sort, how their numbers are spread, and which act on others' prompts.
struct Overview {
  let result: RewriteResult

  var markup: [Markup] {
    let shown = result.figures.count
    return [
      tag(
        "section", [:],
        [
          tag("h2", [:], ["All memories"]),
          note(
            "One line per memory; press a heading to sort by it. "
              + (shown < result.compiled.count
                ? "\(shown) of them are shown closely below, those with a failing prompt first."
                : "Each is shown closely below.")),
          OverviewTable(result: result).markup,
        ]),
      tag("section", [:], [tag("h2", [:], ["How their numbers are spread"]), Distributions(result: result).markup]),
      tag("section", [:], [tag("h2", [:], ["Conflicts"])] + conflicts),
    ]
  }

  private var conflicts: [Markup] {
    guard !result.link.crossings.isEmpty else {
      return [
        tag("p", [:], ["No memory acts on the key prompt of another, including the memories that the file had before."])
      ]
    }
    return [
      note("A memory that fires on another's key prompt may change what that one says."),
      tag(
        "ul", [:],
        result.link.crossings.map {
          tag(
            "li", [:],
            [
              tag("b", [:], [.text($0.memory.printable())]), " acts on the key prompt of ",
              tag("b", [:], [.text($0.prompt.printable())]),
            ])
        }),
    ]
  }
}
