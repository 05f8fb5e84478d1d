import Format
import Runtime

extension Explanation {
  /// The text for people: the memory, then three lines per prompt.
  public var text: String {
    let shown = DistinctTexts(cases.map(\.prompt), columns: 150).texts
    return (heading + zip(cases, shown).flatMap(lines) + totals).map { $0.printable() + "\n" }.joined()
  }

  private var heading: [String] {
    let target = zip(memory.targetIDs, targetTexts ?? memory.targetIDs.map { _ in "?" })
      .map { "\($0) \"\($1.printable())\"" }.joined(separator: ", ")
    var lines: [String] = []
    if memory.prompt.isEmpty {
      lines.append("\(memory.name): a row of a table; the file does not say what it was made for")
    } else {
      lines.append("\(memory.name): \"\(memory.prompt.printable())\" → \"\(memory.target.printable())\" (\(target))")
      let token = Int(memory.token).map { "token \($0)" } ?? "the \(memory.token) token"
      lines.append("  \(memory.method), \(memory.site) of layer \(memory.layer), its key from \(token)")
    }
    for (row, asks) in zip(memory.rows, memory.rows.asks) {
      lines.append("  \(row.summary)")
      lines.append("    at \(row.module): adds strength · delta where |1 − similarity| < \(short(row.reach))")
      if let asks { lines.append("    \(asks)") }
    }
    if let scores = memory.scoreText { lines.append("  when it was compiled: \(scores)") }
    return lines
  }

  /// - Parameter shown: the prompt as it is printed.
  private func lines(_ item: Case, shown: String) -> [String] {
    let sign = item.role.map { $0.isPositive ? "+ " : "− " } ?? ""
    var acts = "silent"
    if !item.firings.isEmpty {
      let (prompt, answer) = (
        item.firings.count { $0.position < item.promptCount }, item.firings.count { $0.position >= item.promptCount }
      )
      let parts = [(prompt, "the prompt"), (answer, "what follows")].filter { $0.0 > 0 }
      acts = "acts on " + parts.map { "\($0) token\($0 == 1 ? "" : "s") of \($1)" }.joined(separator: " and ")
    }
    if !item.others.isEmpty { acts += "; so do others: " + item.others.joined(separator: ", ") }
    return ["  \(sign)\(shown)" + (item.role?.isHeldOut == true ? " (held out)" : "")]
      + (places(item, acts: acts) + ["without it \(answer(item.without)); with it \(answer(item.with))"]).map {
        "      \($0)"
      }
  }

  /// Where a prompt lies, and what the memory does there.
  private func places(_ item: Case, acts: String) -> [String] {
    if let regions = item.regions {
      return regions.regions.map(\.sentence) + ["strength of all together \(short(regions.strength)); \(acts)"]
        + [item.advice].compactMap(\.self)
    }
    let near = item.nearest
    let row = memory.rows.count > 1 ? " (row \(near.row))" : ""
    let side = "\(short(abs(near.margin))) \(near.margin >= 0 ? "within" : "beyond") the boundary"
    let depth =
      switch RegionDepth(strength: near.strength) {
      case .full: "fully inside"
      case .partly: "partly inside"
      case .outside: "outside"
      }
    return [
      "nearest token \(near.token) \"\(near.tokenText.printable())\"\(row): similarity \(short(near.similarity)), "
        + "\(depth), \(side), strength \(short(near.strength)); \(acts)"
    ]
  }

  private func answer(_ answer: Answer) -> String {
    let probability = answer.targetLogprob.map { ", p(target) \(short(Float(exponential($0))))" } ?? ""
    return "\"\(answer.text.printable())\"\(probability)"
  }

  private var totals: [String] {
    guard !cases.isEmpty else { return [] }
    let firing = cases.count { !$0.firings.isEmpty }
    var line = "acts on \(firing) of \(cases.count) prompts"
    if !memory.targetIDs.isEmpty {
      line +=
        "; \(cases.count(where: \.with.isTarget)) go on with the target"
        + ", \(cases.count(where: \.without.isTarget)) without it"
    }
    return [line]
  }
}

extension Memory {
  /// The scores in words: `7 of 7 positives, 8 of 8 negatives held`; nil where the file has none.
  fileprivate var scoreText: String? {
    guard let root = try? JSONDocument(scores.bytes(), location: "scores").root else { return nil }
    let parts = root.members.compactMap { key, counts -> String? in
      guard let holding = counts["holding"]?.int, let all = counts["of"]?.int, all > 0 else { return nil }
      return "\(holding) of \(all) \(key.description.split(separator: "_").joined(separator: " "))"
    }
    return parts.isEmpty ? nil : parts.joined(separator: ", ") + " held"
  }
}
