import Format
import Plots
import Runtime

/// The post's table: each prompt of a memory before and after, and where memories fired.
struct PromptTable {
  let prompts: [PromptResult]
  /// The tokens of each prompt as text.
  let tokens: [[String]]

  private typealias Head = (name: String, isNumber: Bool)

  /// The regions of the memory's first row; none where it has only its own.
  private var regions: [RegionReading.Role] { prompts.first?.regions?.regions.map(\.role) ?? [] }

  private var heads: [Head] {
    let similarities: [Head] =
      regions.isEmpty
      ? [("Similarity", true)] : regions.map { ($0.rawValue.prefix(1).uppercased() + $0.rawValue.dropFirst(), true) }
    return [("Kind", false), ("Prompt", false), ("Base", false), ("Patched", false), ("p(target)", true)]
      + similarities + [("Fired", false), ("Verdict", false)]
  }

  private var meaning: String {
    "Greedy continuations of the base model and the patched one. Positives (+) should go on with the target, negatives "
      + "(−) exactly as before. p(target): the probability of the target's first token, before → after. "
      + (regions.isEmpty
        ? "Similarity: that of the token that the memory watches, or of the token nearest to the key. "
        : "Seen, here, asked: the similarity to each region's key, above a bar of the strength there; the memory acts "
          + "only where no bar is empty. Rest the pointer on one to see its token. ")
      + "Fired: each memory that acted, with the token at which it acted most and the strength f there; “+3” is the third "
      + "token that the model wrote. “Same bits”: all logits behind the prompt are the base model's."
  }

  var markup: Markup {
    let shown = DistinctTexts(prompts.map(\.prompt), columns: 200).texts
    return tag(
      "div", [:],
      [
        table(
          "Prompts before and after", "prompts", heads: heads.map { columnHead(isNumber: $0.isNumber, .text($0.name)) },
          rows: zip(prompts.indices, shown).map(row)), note(meaning),
      ])
  }

  /// - Parameter shown: the prompt as it is printed.
  private func row(_ index: Int, shown: String) -> Markup {
    let prompt = prompts[index]
    let before: [(role: String, content: [Markup])] = [
      ("nowrap", [.text(Self.sign(prompt.role))]), ("text", [.text(shown)]),
      ("text", [.text(prompt.before.printable())]), ("text", [.text(prompt.after.printable())]),
      ("number", [.text(Self.probabilities(prompt))]),
    ]
    let after: [(role: String, content: [Markup])] = [
      ("text", [.text(fired(index))]), (prompt.holds ? "yes" : "no", [.text(verdict(prompt))]),
    ]
    let similarities =
      prompt.regions.map { $0.regions.map { ("number", bar($0)) } } ?? [("number", [.text(number(prompt.similarity))])]
    return tag(
      "tr", [:],
      zip(heads, before + similarities + after).map { head, cell in
        head.name == "Prompt"
          ? tag("th", ["scope": "row", "class": cell.role, "data-name": head.name], cell.content)
          : tag("td", ["class": cell.role, "data-name": head.name], cell.content)
      })
  }

  /// A similarity above a bar of the strength.
  private func bar(_ reading: RegionReading) -> [Markup] {
    let percent = "\(Int((reading.strength * 100).rounded()))%"
    let note =
      "token \(reading.token) “\(reading.tokenText.printable())”: \(reading.depth.rawValue), strength "
      + "\(number(reading.strength)), boundary \(number(reading.boundary))"
    return [
      tag(
        "span", [:],
        [
          .text(number(reading.similarity)),
          tag("span", ["class": "share", "role": "img", "title": note], [tag("span", ["style": "width:\(percent)"])]),
        ])
    ]
  }

  /// A prompt's kind behind its sign.
  static func sign(_ role: PromptResult.Role) -> String {
    let word = role == .key ? "key" : role.isPositive ? "positive" : "negative"
    return (role.isPositive ? "+ " : "− ") + word + (role.isHeldOut ? ", held out" : "")
  }

  /// p(target) before and after.
  static func probabilities(_ prompt: PromptResult) -> String {
    "\(probability(prompt.targetBefore)) → \(probability(prompt.targetAfter))"
  }

  private func verdict(_ prompt: PromptResult) -> String {
    (prompt.holds ? "✓ holds" : "✗ fails") + (prompt.isIdentical ? ", same bits" : "")
  }

  private func fired(_ index: Int) -> String {
    let firings = Dictionary(grouping: prompts[index].firings, by: \.memory)
    let names = Self.fired(prompts[index])
    let shown = names.prefix(Self.firedLimit).map { name in
      let own = firings[name] ?? []
      let strongest = own.max { $0.strength < $1.strength }!
      let words = index < tokens.count ? tokens[index] : []
      let token =
        words.indices.contains(strongest.position)
        ? "“\(words[strongest.position].printable())”" : "+\(strongest.position - words.count + 1)"
      let more = Set(own.map(\.position)).count - 1
      return "\(name.printable()) at \(token) (\(number(strongest.strength)))" + (more > 0 ? " and \(more) more" : "")
    }
    let rest = names.count - shown.count
    return names.isEmpty ? "nothing" : shown.joined(separator: "; ") + (rest > 0 ? " and \(rest) more memories" : "")
  }

  /// The most memories that are named as having fired on one prompt.
  static let firedLimit = 5

  /// The memories that fired on a prompt, in the order in which they did.
  static func fired(_ prompt: PromptResult) -> [String] {
    var known: Set<String> = []
    return prompt.firings.map(\.memory).filter { known.insert($0).inserted }
  }
}
