import Format
import Plots
import Runtime

/// The post's table: every prompt of a memory before and after, and what fired where.
struct PromptTable {
  let prompts: [PromptResult]
  /// Of every prompt as text.
  let tokens: [[String]]

  var markup: Markup {
    let heads = ["Kind", "Prompt", "Base", "Patched", "p(target)", "Similarity", "Fired", "Verdict"]
    let rows = prompts.indices.map { i -> Markup in
      let prompt = prompts[i]
      func cell(_ name: String, _ role: String, _ content: [Markup]) -> Markup {
        tag("td", ["class": role, "data-name": name], content)
      }
      return tag(
        "tr", [:],
        [
          cell("Kind", "nowrap", [.text(sign(prompt.role))]),
          cell("Prompt", "text", [.text(prompt.prompt.printable())]),
          cell("Base", "text", [.text(prompt.before.printable())]),
          cell("Patched", "text", [.text(prompt.after.printable())]),
          cell("p(target)", "number", ["\(probability(prompt.targetBefore)) → \(probability(prompt.targetAfter))"]),
          cell("Similarity", "number", [.text(number(prompt.similarity))]),
          cell("Fired", "text", [.text(fired(i))]),
          cell("Verdict", prompt.holds ? "yes" : "no", [.text(verdict(prompt))]),
        ])
    }
    return tag(
      "div", [:],
      [
        tag(
          "div", ["class": "scroll"],
          [
            tag(
              "table", ["class": "prompts"],
              [
                tag(
                  "thead", [:],
                  [
                    tag(
                      "tr", [:],
                      heads.map {
                        tag("th", ["class": $0 == "p(target)" || $0 == "Similarity" ? "number" : ""], [.text($0)])
                      })
                  ]),
                tag("tbody", [:], rows),
              ])
          ]),
        tag(
          "p", ["class": "soft small"],
          [
            .text(
              "Greedy continuations of the base model and the patched one. Positives (+) should go on with the target, negatives (−) exactly as before. "
                + "p(target): of its first token, before → after. Similarity: of the memory's watched token, or the one nearest to the key. Fired: the "
                + "memories that acted, the token they acted most at, with the strength f; “+3” is the third token that the model "
                + "wrote. “Same bits”: all logits behind the prompt are the base model's.")
          ]),
      ])
  }

  private func sign(_ role: PromptResult.Role) -> String {
    let word = role == .key ? "key" : role.isPositive ? "positive" : "negative"
    return (role.isPositive ? "+ " : "− ") + word + (role.isHeldOut ? ", held out" : "")
  }

  private func verdict(_ prompt: PromptResult) -> String {
    (prompt.holds ? "✓ holds" : "✗ fails") + (prompt.isIdentical ? ", same bits" : "")
  }

  private func fired(_ index: Int) -> String {
    let firings = prompts[index].firings
    var names: [String] = []
    for firing in firings where !names.contains(firing.memory) { names.append(firing.memory) }
    let all = names.map { name in
      let own = firings.filter { $0.memory == name }
      let strongest = own.max { $0.strength < $1.strength }!
      let words = index < tokens.count ? tokens[index] : []
      let place =
        words.indices.contains(strongest.position)
        ? "“\(words[strongest.position].printable())”" : "+\(strongest.position - words.count + 1)"
      let more = Set(own.map(\.position)).count - 1
      return "\(name.printable()) at \(place) (\(number(strongest.strength)))" + (more > 0 ? " and \(more) more" : "")
    }
    return all.isEmpty ? "nothing" : all.joined(separator: "; ")
  }
}

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
        tag(
          "div", ["class": "scroll"],
          [
            tag(
              "table", [:],
              [
                tag(
                  "thead", [:],
                  [tag("tr", [:], columns.map { tag("th", ["class": $0.isNumber ? "number" : ""], [.text($0.name)]) })]),
                tag("tbody", [:], rows),
              ])
          ]),
        tag(
          "p", ["class": "soft small"], [.text(columns.map(\.meaning).filter { !$0.isEmpty }.joined(separator: " "))]),
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
