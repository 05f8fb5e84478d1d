import Format
import Runtime

/// A prompt, its continuation, and what was seen on the way.
struct Completion {
  var prompt: String
  var text: String
  var generation: Generation
}

/// A loaded model answering prompts as a command line asks.
struct RunSession {
  var model: LanguageModel
  var options: RunOptions
  var console: Console
  var memories: MemorySet
  var loadSeconds: Double

  /// Continues `prompt` and writes the result.
  ///
  /// - Throws: `FormatError` of kind `prompt` where the model cannot take it, `unwritable` for standard output.
  func answer(_ prompt: String) throws {
    let ids = try model.encode(prompt)
    if options.compare {
      try compare(prompt, ids)
    } else if options.json {
      let completion = try complete(prompt, ids, memories)
      try console.write(json(completion).text() + "\n")
    } else {
      try console.writeModelText(prompt)
      let completion = try complete(prompt, ids, memories) { piece in try console.writeModelText(piece) }
      try console.write("\n")
      writeDetails(completion)
    }
  }

  private func compare(_ prompt: String, _ ids: [Int]) throws {
    let base = try complete(prompt, ids, .none(of: model.transformer))
    let patched = try complete(prompt, ids, memories)
    if options.json {
      try console.write(JSONNode.object([("base", json(base)), ("patched", json(patched))]).text() + "\n")
    } else {
      try console.writeModelText(
        Comparison(base: base.prompt + base.text, patched: patched.prompt + patched.text)
          .text(columns: console.columns))
      writeDetails(patched)
    }
  }

  /// - Parameter onText: called with the text of new tokens as it comes.
  private func complete(
    _ prompt: String, _ ids: [Int], _ memories: MemorySet, onText: ((String) throws -> Void)? = nil
  ) throws -> Completion {
    var stream = TextStream(model.tokenizer, behind: ids)
    // No model goes beyond its positions, and a huge limit must not overflow on the way there.
    let limit = min(options.maxTokens, model.transformer.shape.positions)
    let generation = model.generate(
      ids, maxTokens: limit, sampling: options.sampling, logprobs: options.logprobs, memories: memories
    ) { id in
      stream.append(id, onText)
      return stream.failure == nil && !console.isOutputClosed
    }
    stream.finish(onText)
    if let failure = stream.failure { throw failure }
    return Completion(prompt: prompt, text: stream.text, generation: generation)
  }
}

/// The text of new tokens as they come, and the error of whoever takes it.
private struct TextStream {
  private var decoder: TokenStreamDecoder
  private(set) var text = ""
  private(set) var failure: (any Error)?

  init(_ tokenizer: Tokenizer, behind prompt: [Int]) {
    decoder = TokenStreamDecoder(tokenizer)
    // What the decoder does at the start of a text belongs to the prompt, not to the first new token.
    for id in prompt { _ = decoder.append(id) }
  }

  mutating func append(_ id: Int, _ onText: ((String) throws -> Void)?) { emit(decoder.append(id), onText) }

  mutating func finish(_ onText: ((String) throws -> Void)?) { emit(decoder.finish(), onText) }

  private mutating func emit(_ piece: String, _ onText: ((String) throws -> Void)?) {
    guard failure == nil else { return }
    text += piece
    do { try onText?(piece) } catch { failure = error }
  }
}
