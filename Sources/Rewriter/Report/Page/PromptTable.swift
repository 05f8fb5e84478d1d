import Format
import Plots
import Runtime

/// The post's table: each prompt of a memory before and after, and where memories fired.
struct PromptTable {
  let prompts: [PromptResult]
  /// The tokens of each prompt as text.
  let tokens: [[String]]

  private static let heads: [(name: String, isNumber: Bool)] = [
    ("Kind", false), ("Prompt", false), ("Base", false), ("Patched", false), ("p(target)", true),
    ("Similarity", true), ("Fired", false), ("Verdict", false),
  ]

  private static let meaning =
    "Greedy continuations of the base model and the patched one. Positives (+) should go on with the target, negatives "
    + "(−) exactly as before. p(target): the probability of the target's first token, before → after. Similarity: that "
    + "of the token that the memory watches, or of the token nearest to the key. Fired: each memory that acted, with the "
    + "token at which it acted most and the strength f there; “+3” is the third token that the model wrote. “Same bits”: all "
    + "logits behind the prompt are the base model's."

  var markup: Markup {
    tag(
      "div", [:],
      [
        table(
          ["class": "prompts"], heads: Self.heads.map { columnHead(isNumber: $0.isNumber, .text($0.name)) },
          rows: prompts.indices.map(row)), note(Self.meaning),
      ])
  }

  private func row(_ index: Int) -> Markup {
    let prompt = prompts[index]
    let cells: [(role: String, text: String)] = [
      ("nowrap", sign(prompt.role)), ("text", prompt.prompt.printable()), ("text", prompt.before.printable()),
      ("text", prompt.after.printable()),
      ("number", "\(probability(prompt.targetBefore)) → \(probability(prompt.targetAfter))"),
      ("number", number(prompt.similarity)), ("text", fired(index)), (prompt.holds ? "yes" : "no", verdict(prompt)),
    ]
    return tag(
      "tr", [:],
      zip(Self.heads, cells).map { head, cell in
        tag("td", ["class": cell.role, "data-name": head.name], [.text(cell.text)])
      })
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
      let token =
        words.indices.contains(strongest.position)
        ? "“\(words[strongest.position].printable())”" : "+\(strongest.position - words.count + 1)"
      let more = Set(own.map(\.position)).count - 1
      return "\(name.printable()) at \(token) (\(number(strongest.strength)))" + (more > 0 ? " and \(more) more" : "")
    }
    return all.isEmpty ? "nothing" : all.joined(separator: "; ")
  }
}
