import Format
import Plots
import Runtime

/// The candidates that were looked at closely, and what they were judged by.
struct CandidateTable {
  let candidates: [Candidate]

  var markup: Markup {
    let columns = columns
    let rows = candidates.map { candidate in
      tag(
        "tr", ["class": candidate.isChosen ? "won" : ""],
        columns.map { tag("td", ["class": $0.isNumber ? "number" : "nowrap"], [.text($0.value(candidate) ?? "–")]) })
    }
    return tag(
      "div", [:],
      [
        table(
          "Candidates", heads: columns.map { columnHead(isNumber: $0.isNumber, .text($0.name)) }, rows: rows),
        note(columns.map(\.meaning).filter { !$0.isEmpty }.joined(separator: " ")),
      ])
  }

  private struct Column {
    var name: String
    var isNumber: Bool
    var meaning: String
    var value: (Candidate) -> String?
  }

  /// The columns that have a value for some candidate.
  private var columns: [Column] {
    let all = [
      Column(name: "Site", isNumber: false, meaning: "") { "\($0.address.site.rawValue), layer \($0.address.layer)" },
      Column(name: "Token", isNumber: true, meaning: "Token: its position in the key prompt, from 0.") {
        "\($0.token)"
      },
      Column(
        name: "p(target)", isNumber: true,
        meaning: "p(target): the probability of the target behind the key prompt with the delta added there."
      ) { $0.logprob.map(probability) },
      Column(
        name: "Lowest inside", isNumber: true,
        meaning: "Lowest inside: the lowest similarity of a token that the region should take in."
      ) { $0.separation.map { number($0.lowestInside) } },
      Column(
        name: "Highest outside", isNumber: true,
        meaning: "Highest outside: the highest similarity of a listed prompt's token that it should leave out."
      ) { $0.separation?.highestOutside.map(number) },
      Column(
        name: "Left out, inside", isNumber: true,
        meaning: "Left out, inside: positives inside the region of a key that was fitted without them."
      ) { $0.separation.map { "\($0.leftOutInside) of \($0.leftOut)" } },
      Column(
        name: "Right", isNumber: true,
        meaning:
          "Right: positives and negatives that come out right with the memory there; – for a candidate dropped before "
          + "that was tried."
      ) { candidate in candidate.right.map { "\($0) of \(candidate.of ?? 0)" } },
      Column(name: "Choice", isNumber: false, meaning: "") { $0.isChosen ? "chosen" : "" },
    ]
    return all.filter { column in candidates.contains { column.value($0) != nil } }
  }
}
