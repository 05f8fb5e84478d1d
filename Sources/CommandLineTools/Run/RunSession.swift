import Format
import Runtime
import SystemCalls

/// A question, its answer, and how that was generated.
struct Completion {
  var question: EncodedQuestion
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
  /// What templates take for now.
  let date: TemplateDate
  let loadSeconds: Double
  private let numbers = NumberNotes()
  /// The turns so far, without the system message.
  var conversation: [ChatMessage] = []
  /// Where memories acted in the newest answer.
  private(set) var firings: [Firing] = []

  /// Continues `prompt`, or answers it as the next turn of the conversation, and writes the result.
  ///
  /// - Throws: `FormatError` of kind `prompt` for a prompt that the model cannot take, `unwritable` for output.
  mutating func answer(_ prompt: String) throws {
    let completion = try answer(question(prompt))
    firings = completion.generation.firings
    if template != nil { conversation += [ChatMessage(.user, prompt), message(of: completion)] }
  }

  /// Answers a question and writes the answer.
  func answer(_ question: Question) throws -> Completion {
    let encoded = try encode(question)
    if options.compare || options.json {
      let completions = try sides.map { try complete(encoded, $0) }
      try write(completions)
      return completions[completions.count - 1]
    }
    let completion = try options.trace ? writeTraced(encoded) : writeStreamed(encoded)
    writeDetails(completion)
    return completion
  }

  /// A prompt as it is, or as the next turn of the conversation.
  func question(_ prompt: String) -> Question {
    guard template != nil else { return Question(prompt: prompt) }
    let system = options.system.map { [ChatMessage(.system, $0)] } ?? []
    return Question(prompt: prompt, messages: system + conversation + [ChatMessage(.user, prompt)])
  }

  /// An answer as a turn, its thoughts apart.
  func message(of completion: Completion) -> ChatMessage {
    guard let marks = template?.thinking else { return ChatMessage(.assistant, completion.text) }
    let (reasoning, answer) = marks.split(completion.text, behind: completion.question.rendered ?? "")
    return ChatMessage(answer: answer, reasoning: reasoning)
  }

  /// The memories that a prompt is continued with: one answer for each.
  var sides: [MemorySet] { options.compare ? [.none(of: model.transformer), memories] : [memories] }

  /// The token ids of a question.
  ///
  /// - Throws: `FormatError` of kind `prompt` for one that the model cannot take, or its template refuses.
  func encode(_ question: Question) throws -> EncodedQuestion {
    guard let template, !question.messages.isEmpty else {
      return EncodedQuestion(question: question, ids: try model.encode(question.prompt))
    }
    let text = try template.render(
      question.messages, variables: options.variables + question.variables, date: date)
    return EncodedQuestion(
      question: question, rendered: text, ids: try model.encode(text, addSpecialTokens: false))
  }

  private func writeStreamed(_ question: EncodedQuestion) throws -> Completion {
    guard let rendered = question.rendered else {
      try console.writeModelText(question.question.prompt)
      let completion = try complete(question, memories, onText: { try console.writeModelText($0) })
      try console.write("\n")
      return completion
    }
    var writer = template?.thinking.map { ThoughtWriter($0, behind: rendered, on: console, isQuiet: options.quiet) }
    let completion = try complete(
      question, memories,
      onText: { text in
        if writer == nil { try console.writeModelText(text) } else { try writer?.write(text) }
      })
    try writer?.finish()
    try console.write("\n")
    return completion
  }

  /// Writes text with marks. Firings on a token are known once it has been run, so the text comes one token late.
  private func writeTraced(_ question: EncodedQuestion) throws -> Completion {
    var text = tracedText(question.ids)
    let completion = try complete(question, memories, onFirings: { text.settle($0) }, onToken: { text.add($0) })
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
    var request = GenerationRequest(
      ids, maxTokens: min(options.maxTokens, model.transformer.shape.positions), sampling: options.sampling,
      logprobs: options.logprobs, memories: memories, stops: template?.endIDs ?? [])
    request.isForced = options.force
    return request
  }

  /// Finds out why a continuation's numbers are not finite where they are not, and tells of it once where `--force`
  /// goes on.
  ///
  /// - Throws: `FormatError` of kind `notFinite` where it does not.
  func checkNumbers(of generation: Generation, _ memories: MemorySet) throws(FormatError) {
    guard !generation.isFinite else { return }
    let isNew = numbers.problem == nil
    let problem =
      numbers.problem ?? model.numberProblem(behind: generation.promptIDs + generation.ids, memories: memories)
    numbers.problem = problem
    guard options.force else { throw problem }
    if isNew, !options.quiet { console.writeError("run: note: \(problem)\n") }
  }

  /// The text of a continuation that is there as a whole.
  func completion(_ question: EncodedQuestion, _ generation: Generation) -> Completion {
    var stream = TextStream(model.tokenizer, behind: generation.promptIDs)
    for id in generation.ids { stream.append(id, nil) }
    stream.finish(nil)
    return Completion(question: question, text: stream.text, generation: generation)
  }

  /// Generates a continuation.
  ///
  /// - Parameters:
  ///   - onFirings: called with the firings on the tokens that were run.
  ///   - onToken: called with each new token.
  ///   - onText: called with the text of new tokens as it comes.
  private func complete(
    _ question: EncodedQuestion, _ memories: MemorySet, onFirings: ([Firing]) -> Void = { _ in },
    onToken: (Int) -> Void = { _ in }, onText: ((String) throws -> Void)? = nil
  ) throws -> Completion {
    var stream = TextStream(model.tokenizer, behind: question.ids)
    let generation = model.generate(request(question.ids, memories), onFirings: onFirings) { id in
      onToken(id)
      stream.append(id, onText)
      return stream.failure == nil && !console.isOutputClosed && !system_was_interrupted()
    }
    stream.finish(onText)
    if let failure = stream.failure { throw failure }
    if generation.finish == .notFinite, onText != nil { try console.write("\n") }
    try checkNumbers(of: generation, memories)
    return Completion(question: question, text: stream.text, generation: generation)
  }
}

/// Why numbers are not finite, which takes a while to find out.
private final class NumberNotes {
  var problem: FormatError?
}

/// The text of new tokens, and the error of the function that takes it.
private struct TextStream {
  private var decoder: TokenStreamDecoder
  private(set) var text = ""
  private(set) var failure: (any Error)?

  init(_ tokenizer: Tokenizer, behind prompt: [Int]) {
    // Decoders treat the start of a text specially; that is the prompt, not the first new token.
    decoder = TokenStreamDecoder(tokenizer, behind: prompt)
  }

  mutating func append(_ id: Int, _ onText: ((String) throws -> Void)?) { emit(decoder.append(id), onText) }

  mutating func finish(_ onText: ((String) throws -> Void)?) { emit(decoder.finish(), onText) }

  private mutating func emit(_ piece: String, _ onText: ((String) throws -> Void)?) {
    guard failure == nil else { return }
    text += piece
    do { try onText?(piece) } catch { failure = error }
  }
}
