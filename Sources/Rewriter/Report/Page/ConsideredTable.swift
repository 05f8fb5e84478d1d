import Format
import Plots
import Runtime

/// The places that were looked at, and what they were judged by.
struct ConsideredTable {
  let places: [ConsideredPlace]

  var markup: Markup {
    let columns = columns
    let rows = places.map { place in
      tag(
        "tr", ["class": place.isChosen ? "won" : ""],
        columns.map { tag("td", ["class": $0.isNumber ? "number" : "nowrap"], [.text($0.value(place) ?? "–")]) })
    }
    return tag(
      "div", [:],
      [
        table(heads: columns.map { columnHead(isNumber: $0.isNumber, .text($0.name)) }, rows: rows),
        note(columns.map(\.meaning).filter { !$0.isEmpty }.joined(separator: " ")),
      ])
  }

  private struct Column {
    var name: String
    var isNumber: Bool
    var meaning: String
    var value: (ConsideredPlace) -> String?
  }

  /// Those that any of the places has something for.
  private var columns: [Column] {
    let all = [
      Column(name: "Place", isNumber: false, meaning: "") { "\($0.address.site.rawValue), layer \($0.address.layer)" },
      Column(name: "Token", isNumber: true, meaning: "Token: that of the key prompt, from 0.") { "\($0.token)" },
      Column(
        name: "p(target)", isNumber: true, meaning: "p(target): behind the key prompt with the delta added there."
      ) { $0.logprob.map(probability) },
      Column(
        name: "Lowest inside", isNumber: true,
        meaning: "Lowest inside: the least similarity of a token that the region should take in."
      ) { $0.region.map { number($0.lowestInside) } },
      Column(
        name: "Highest outside", isNumber: true,
        meaning: "Highest outside: the greatest of a listed prompt's token that it should leave out."
      ) { $0.region?.highestOutside.map(number) },
      Column(
        name: "Left out, inside", isNumber: true,
        meaning: "Left out, inside: tokens that fall inside by a key fitted without them."
      ) { $0.region.map { "\($0.leftOutInside) of \($0.leftOut)" } },
      Column(
        name: "Right", isNumber: true,
        meaning:
          "Right: positives and negatives that come out as they should with the memory there; – where a place was set "
          + "aside before."
      ) { place in place.right.map { "\($0) of \(place.of ?? 0)" } },
      Column(name: "", isNumber: false, meaning: "") { $0.isChosen ? "chosen" : "" },
    ]
    return all.filter { column in places.contains { column.value($0) != nil } }
  }
}
