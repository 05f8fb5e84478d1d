import Format
import Runtime

/// The post's table as text: prompt, sign, base and patched continuation, similarity, whether it holds.
public struct TextReport {
  let result: RewriteResult
  /// The crossings that are listed at most.
  private static let crossingLimit = 20

  public init(_ result: RewriteResult) { self.result = result }

  public var text: String {
    var lines: [String] = []
    for (i, memory) in result.compiled.enumerated() {
      lines += heading(memory, targets: result.targetTexts[i]) + table(result.results[i]) + [""]
      if i < result.maps.count { lines += map(result.maps[i]) + [""] }
    }
    lines += totals
    return lines.joined(separator: "\n") + "\n"
  }

  private func heading(_ memory: CompiledMemory, targets: [String]) -> [String] {
    let target = zip(memory.targetIDs, targets).map { "\($0) \"\($1.printable())\"" }.joined(separator: ", ")
    let address = "\(memory.address.site.rawValue) of layer \(memory.address.layer)"
    var lines = [
      "\(memory.spec.name): \"\(memory.spec.prompt.printable())\" → \"\(memory.spec.target.printable())\" (\(target))",
      "  \(memory.spec.method.rawValue), \(address): \(memory.reason)",
    ]
    for ((row, steps), asks) in zip(zip(memory.rows, memory.steps), memory.rows.asks) {
      lines.append("  \(row.summary), \(steps) step\(steps == 1 ? "" : "s")")
      if let asks { lines.append("    \(asks)") }
    }
    return lines
  }

  private func table(_ result: MemoryResult) -> [String] {
    func width(_ texts: [String], limit: Int) -> Int { min(limit, texts.map(\.columns).max() ?? 0) }
    func cell(_ text: String, _ width: Int) -> String { text.printable().fitted(to: width) }
    let prompts = DistinctTexts(result.prompts.map(\.prompt), columns: 60).texts
    let cells = prompts.map { [columns = width(prompts, limit: 60)] in $0.padded(to: columns) }
    let text = width(result.prompts.map { $0.before.printable() }, limit: 36)
    return zip(result.prompts, cells).map { row, prompt in
      let sign = row.role.isPositive ? "+" : "−"
      let mark = row.holds ? "holds" : "FAILS"
      let acts = !row.fired ? ", silent" : row.actsBeforeItsEnd ? ", acts before its end" : ""
      let notes = acts + (row.role.isHeldOut ? ", held out" : "")
      return "  \(sign) \(prompt) │\(cell(row.before, text)) │ \(cell(row.after, text)) │ "
        + "\(row.regions.map { "\($0.summary):" } ?? short(row.similarity)) \(mark)\(notes)"
    }
  }

  private var totals: [String] {
    let (prompts, silent) = (result.prompts, result.silentPrompts)
    var lines = ["totals: \(result.holding(heldOut: false))"]
    if result.count(positive: false).of == 0 {
      lines.append("note: the spec names no negatives: what must stay as it is was not tested")
    }
    if prompts.contains(where: \.role.isHeldOut) { lines.append("held out: \(result.holding(heldOut: true))") }
    lines.append(
      "no memory fires on \(silent.count) of \(prompts.count) prompts; of these \(silent.count(where: \.isIdentical)) "
        + "have the base model's logits to the bit")
    if !result.unrounded.isEmpty {
      lines.append(
        "note: in BF16 \(result.unrounded.listed(limit: 20)) would lose the target: these stay F32, and so do their tables"
      )
    }
    let crossings = result.link.crossings
    for crossing in crossings.prefix(Self.crossingLimit) {
      lines.append("note: \(quoted(crossing.memory)) also acts on the prompt of \(quoted(crossing.prompt))")
    }
    if crossings.count > Self.crossingLimit {
      lines.append("note: \(crossings.count - Self.crossingLimit) more act on prompts of others; --json lists them")
    }
    lines += result.failures.map { "left out: \($0.name.printable()): \($0.problem)" }
    lines += result.contradictions.map(\.sentence)
    let contradicted = Set(result.contradictions.map { [ByteString($0.memory), ByteString($0.prompt)] })
    for (memory, result) in zip(result.compiled, result.results)
    where !result.keyHolds && !contradicted.contains([ByteString(memory.spec.name), ByteString(memory.spec.prompt)]) {
      lines.append("warning: \(memory.spec.name.printable()) does not give its target on its own prompt")
    }
    return lines
  }

  /// The map as text: the target's highest probability per token and address, over the steps tried.
  private func map(_ trials: [PatchTrial]) -> [String] {
    let layers = (trials.map(\.address.layer).max() ?? 0) + 1
    var lines = [
      "  p(target) after one step, by token (rows) and layer (columns), in tenths; * where the target is the next token"
    ]
    for site in Site.allCases {
      for token in Set(trials.map(\.token)).sorted() {
        let cells = (0..<layers).map { layer -> String in
          let steps = trials.filter {
            $0.token == token && $0.address == SiteAddress(layer: layer, site: site)
          }
          guard let best = steps.max(by: { $0.logprob < $1.logprob }) else { return "." }
          return steps.contains(where: \.reaches) ? "*" : "\(Int(Double(exponential(best.logprob)) * 10))"
        }
        lines.append("  \(site.rawValue.padded(to: 4)) \("\(token)".padded(to: 4)) \(cells.joined())")
      }
    }
    return lines
  }
}

extension Contradiction {
  /// The contradiction in a line that names both memories.
  var sentence: String {
    "conflict: \(quoted(memory)) and \(quoted(other)) give one question two answers: behind \(quoted(prompt)), a prompt of "
      + "\(quoted(memory)), "
      + (isSaid
        ? "the model says \(quoted(target)), the target of \(quoted(other))"
        : "\(quoted(other)) acts too, whose target is \(quoted(target))")
  }
}
