import Format
import Runtime

extension RunSession {
  /// Writes the whole answer to a prompt.
  ///
  /// - Parameter completions: one for each of `sides`.
  func write(_ completions: [Completion]) throws {
    let last = completions[completions.count - 1]
    if options.json {
      let node = completions.count == 1 ? json(last) : ["base": json(completions[0]), "patched": json(last)]
      return try console.write(node.text() + "\n")
    }
    let shown = last.question.rendered == nil ? last.question.question.prompt : ""
    if completions.count > 1 {
      let texts = completions.map { console.safe(shown + $0.text) }
      try console.write(
        Comparison(base: texts[0], patched: texts[1]).text(columns: console.columns, paint: console.paint(.auto)))
    } else if options.trace {
      var text = tracedText(last.generation.promptIDs)
      for id in last.generation.ids { text.add(id) }
      text.settle(last.generation.firings)
      try finish(&text)
    } else {
      try writeText(shown, last)
    }
    writeDetails(last)
  }

  private func writeText(_ shown: String, _ completion: Completion) throws {
    guard let rendered = completion.question.rendered, let marks = template?.thinking else {
      return try console.writeModelText(shown + completion.text + "\n")
    }
    var writer = ThoughtWriter(marks, behind: rendered, on: console, isQuiet: options.quiet)
    try writer.write(completion.text)
    try writer.finish()
    try console.write("\n")
  }

  /// The object that `--json` prints for a prompt.
  func json(_ completion: Completion) -> JSONNode {
    let generation = completion.generation
    var members: [(String, JSONNode)] = [
      ("prompt", .string(completion.question.question.prompt)),
      ("prompt_ids", .array(generation.promptIDs.map(JSONNode.int))),
      ("ids", .array(generation.ids.map(JSONNode.int))),
      ("text", .string(completion.text)),
      ("finish", .string(generation.finish.rawValue)),
      ("fired", .array(generation.firings.map(json))),
    ]
    if let rendered = completion.question.rendered {
      members += [("rendered", .string(rendered)), ("message", message(of: completion).json)]
    }
    if options.logprobs > 0 {
      members.append(("logprobs", .array(generation.logprobs.map { .array($0.map(json)) })))
    }
    members.append(("timings", timings(generation)))
    return .object(members)
  }

  private func json(_ firing: Firing) -> JSONNode {
    var members: [(String, JSONNode)] = [
      ("memory", .string(firing.memory)), ("module", .string(module(firing))), ("position", .int(firing.position)),
      ("similarity", .float(firing.similarity)), ("strength", .float(firing.strength)),
    ]
    if !firing.cues.isEmpty { members.append(("cues", .array(firing.cues.map(json)))) }
    return .object(members)
  }

  private func json(_ cue: Firing.Cue) -> JSONNode {
    ["mode": .string(cue.mode.word), "position": .int(cue.position), "strength": .float(cue.strength)]
  }

  private func json(_ token: TokenProbability) -> JSONNode {
    [
      "id": .int(token.id), "text": .string(model.tokenizer.text(of: token.id)),
      "logprob": .float(token.logprob),
    ]
  }

  private func timings(_ generation: Generation) -> JSONNode {
    // The first new token comes from the prefill; an end token is computed but not in `ids`.
    let decoded = max(0, generation.ids.count - (generation.finish == .stop ? 0 : 1))
    func speed(_ tokens: Int, _ seconds: Double) -> JSONNode {
      tokens > 0 && seconds > 0 ? .double(Double(tokens) / seconds) : .null
    }
    return [
      "load_ms": .double(loadSeconds * 1000), "prompt_tokens": .int(generation.promptIDs.count),
      "prefill_tokens_per_second": speed(generation.promptIDs.count, generation.prefillSeconds),
      "decode_tokens_per_second": speed(decoded, generation.decodeSeconds),
    ]
  }

  private func module(_ firing: Firing) -> String { model.transformer.module(firing.address).description }

  /// Writes firings and log-probabilities, where asked for, to standard error; standard output has the text alone.
  func writeDetails(_ completion: Completion) {
    let generation = completion.generation
    let tokens = generation.promptIDs + generation.ids
    func quoted(_ id: Int) -> String { "\"\(model.tokenizer.text(of: id).printable(limit: 40))\"" }
    if options.trace {
      if generation.firings.isEmpty { console.writeError("no memory fired\n") }
      for firing in generation.firings {
        let token = tokens.indices.contains(firing.position) ? " \(quoted(tokens[firing.position]))" : ""
        let words = firing.words.map { "  \($0)" } ?? ""
        console.writeError(
          "\(firing.memory.printable())  \(module(firing).printable())  token \(firing.position)\(token)  "
            + "similarity \(firing.similarity)  strength \(firing.strength)\(words)\n")
      }
    }
    for (i, list) in generation.logprobs.enumerated() {
      let line = list.map { "\(quoted($0.id)) \($0.logprob)" }.joined(separator: "  ")
      console.writeError("new token \(i): \(line)\n")
    }
  }
}
