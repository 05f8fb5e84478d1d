import Format
import Runtime
import SystemCalls

/// A prompt, its continuation, and how that was generated.
struct Completion {
  var prompt: String
  var text: String
  var generation: Generation
}

/// A loaded model that answers prompts as a command line asks.
struct RunSession {
  let model: LanguageModel
  var options: RunOptions
  let console: Console
  var memories: MemorySet
  /// The template of a conversation; nil where prompts are continued as they are.
  let template: ChatTemplate?
  let loadSeconds: Double
  /// The turns so far, without the system message.
  var conversation: [ChatMessage] = []
  /// Where memories acted in the newest answer.
  private(set) var firings: [Firing] = []

  /// Continues `prompt`, or answers it as the next turn of the conversation, and writes the result.
  ///
  /// - Throws: `FormatError` of kind `prompt` for a prompt that the model cannot take, `unwritable` for output.
  mutating func answer(_ prompt: String) throws {
    let ids = try encode(prompt)
    let completion: Completion
    if options.compare || options.json {
      let completions = try sides.map { try complete(prompt, ids, $0) }
      try write(completions)
      completion = completions[completions.count - 1]
    } else {
      completion = try options.trace ? writeTraced(prompt, ids) : writeStreamed(prompt, ids)
      writeDetails(completion)
    }
    firings = completion.generation.firings
    if template != nil { conversation += [ChatMessage(.user, prompt), ChatMessage(.assistant, completion.text)] }
  }

  /// The memories that a prompt is continued with: one answer for each.
  var sides: [MemorySet] { options.compare ? [.none(of: model.transformer), memories] : [memories] }

  /// Token ids of a prompt, or of the conversation with the prompt as its next turn.
  ///
  /// - Throws: `FormatError` of kind `prompt` for a prompt that the model cannot take.
  func encode(_ prompt: String) throws -> [Int] {
    guard let template else { return try model.encode(prompt) }
    let system = options.system.map { [ChatMessage(.system, $0)] } ?? []
    let text = try template.render(system + conversation + [ChatMessage(.user, prompt)])
    return try model.encode(text, addSpecialTokens: false)
  }

  private func writeStreamed(_ prompt: String, _ ids: [Int]) throws -> Completion {
    if template == nil { try console.writeModelText(prompt) }
    let completion = try complete(prompt, ids, memories, onText: { try console.writeModelText($0) })
    try console.write("\n")
    return completion
  }

  /// Writes text with marks. Firings on a token are known once it has been run, so the text comes one token late.
  private func writeTraced(_ prompt: String, _ ids: [Int]) throws -> Completion {
    var text = tracedText(ids)
    let completion = try complete(prompt, ids, memories, onFirings: { text.settle($0) }, onToken: { text.add($0) })
    try finish(&text)
    return completion
  }

  func tracedText(_ prompt: [Int]) -> TracedText {
    TracedText(
      model.tokenizer, prompt: prompt, showsPrompt: template == nil, console: console, paint: console.paint(.auto))
  }

  /// Writes the rest of a text with marks, and what the marks mean.
  func finish(_ text: inout TracedText) throws {
    text.finish()
    if let failure = text.failure { throw failure }
    try console.write("\n")
    for line in text.legend { console.writeError(line + "\n") }
  }

  /// The work that a prompt's token ids ask for.
  func request(_ ids: [Int], _ memories: MemorySet) -> GenerationRequest {
    // No model goes beyond its positions; a larger limit could overflow.
    GenerationRequest(
      ids, maxTokens: min(options.maxTokens, model.transformer.shape.positions), sampling: options.sampling,
      logprobs: options.logprobs, memories: memories, stops: template?.endIDs ?? [])
  }

  /// The text of a continuation that is there as a whole.
  func completion(_ prompt: String, _ generation: Generation) -> Completion {
    var stream = TextStream(model.tokenizer, behind: generation.promptIDs)
    for id in generation.ids { stream.append(id, nil) }
    stream.finish(nil)
    return Completion(prompt: prompt, text: stream.text, generation: generation)
  }

  /// Generates a continuation.
  ///
  /// - Parameters:
  ///   - onFirings: called with the firings on the tokens that were run.
  ///   - onToken: called with each new token.
  ///   - onText: called with the text of new tokens as it comes.
  private func complete(
    _ prompt: String, _ ids: [Int], _ memories: MemorySet, onFirings: ([Firing]) -> Void = { _ in },
    onToken: (Int) -> Void = { _ in }, onText: ((String) throws -> Void)? = nil
  ) throws -> Completion {
    var stream = TextStream(model.tokenizer, behind: ids)
    let generation = model.generate(request(ids, memories), onFirings: onFirings) { id in
      onToken(id)
      stream.append(id, onText)
      return stream.failure == nil && !console.isOutputClosed && !system_was_interrupted()
    }
    stream.finish(onText)
    if let failure = stream.failure { throw failure }
    return Completion(prompt: prompt, text: stream.text, generation: generation)
  }
}

/// The text of new tokens, and the error of the function that takes it.
private struct TextStream {
  private var decoder: TokenStreamDecoder
  private(set) var text = ""
  private(set) var failure: (any Error)?

  init(_ tokenizer: Tokenizer, behind prompt: [Int]) {
    decoder = TokenStreamDecoder(tokenizer)
    // Decoders treat the start of a text specially; that is the prompt, not the first new token.
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
