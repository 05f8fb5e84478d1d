import Format
import Runtime

/// Many questions, each a conversation of its own: the lines of a standard input that is no terminal, or a file's.
///
/// They are answered side by side, and told in their order, each as soon as it and all before it have ended. Where no
/// more are there yet, those that are do not wait for them.
struct PromptBatch {
  /// A prompt that was read and is not told yet.
  private struct Entry {
    /// What is told of it where it cannot be asked.
    let shown: String
    var question: EncodedQuestion?
    /// One for each of the session's sides, nil while it runs.
    var generations: [Generation?]
    /// Why the prompt cannot be continued.
    var error: FormatError?

    var isReady: Bool { generations.allSatisfy { $0 != nil } }
  }

  private let session: RunSession
  private let source: QuestionSource
  private let console: Console
  private let sides: [MemorySet]
  private let group: GenerationGroup
  /// In the order of the lines.
  private var entries: [Entry] = []
  /// The number of prompts told.
  private var told = 0
  /// The newest entry's requests that the group has had no room for yet.
  private var waiting: ArraySlice<GenerationRequest> = []
  private var isAtEnd = false
  private var hasFailed = false

  /// Prompts at most that are not told yet, since a long one may keep many that have ended.
  private static let entryLimit = 256

  init(_ session: RunSession, _ source: QuestionSource) {
    (self.session, self.source) = (session, source)
    console = session.console
    sides = session.sides
    group = GenerationGroup(session.model)
  }

  /// Answers lines until the end of input.
  ///
  /// - Returns: the exit status: 1 where a prompt could not be continued.
  /// - Throws: `FormatError` where input or output fails, or where every prompt would.
  mutating func run() throws -> Int32 {
    while !console.isOutputClosed, !isAtEnd || !entries.isEmpty {
      try takeQuestions()
      for (key, generation) in group.step() {
        let index = key / sides.count - told
        entries[index].generations[key % sides.count] = generation
        do throws(FormatError) {
          try session.checkNumbers(of: generation, sides[key % sides.count])
        } catch {
          entries[index].error = error
        }
      }
      try tell()
    }
    return hasFailed ? 1 : 0
  }

  /// Takes the questions that there is room for; waits only for the first.
  private mutating func takeQuestions() throws {
    for _ in 0..<Self.entryLimit {
      while let request = waiting.first, group.hasRoom(for: request) {
        group.add(request, as: (told + entries.count) * sides.count - waiting.count)
        waiting.removeFirst()
      }
      guard waiting.isEmpty, !isAtEnd, entries.count < Self.entryLimit else { return }
      switch try source.next(entries.isEmpty) {
      case .question(let question, let location): try take(question, location)
      case .problem(let error, let shown): entries.append(Entry(shown: shown, generations: [], error: error))
      case .nothing: return
      case .end: isAtEnd = true
      }
    }
  }

  private mutating func take(_ question: Question, _ location: String) throws {
    var entry = Entry(shown: question.prompt, generations: [])
    do {
      let encoded = try session.encode(question)
      waiting = sides.map { session.request(encoded.ids, $0) }[...]
      entry.question = encoded
      entry.generations = [Generation?](repeating: nil, count: sides.count)
    } catch var error as FormatError where error.kind == .prompt {
      error.location = location
      entry.error = error
    }
    entries.append(entry)
  }

  /// Writes what is ready.
  private mutating func tell() throws {
    let ready = entries.prefix(while: \.isReady)
    for entry in ready where !console.isOutputClosed {
      if let error = entry.error {
        hasFailed = true
        console.writeError("\(RunCommand.table.name): \(error)\n")
        if session.options.json {
          let node: JSONNode = ["prompt": .string(entry.shown), "error": .string(error.description)]
          try console.write(node.text() + "\n")
        }
      } else if let question = entry.question {
        try session.write(entry.generations.compactMap { $0.map { session.completion(question, $0) } })
      }
    }
    entries.removeFirst(ready.count)
    told += ready.count
  }
}
