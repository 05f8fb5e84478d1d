import Format
import Rewriter
import Runtime

/// The prompts of a standard input that is no terminal, each a conversation of its own.
///
/// They are continued side by side, and told in their order, each as soon as it and all before it have ended. Where no
/// more lines are there yet, those that are do not wait for them.
struct PromptBatch {
  /// A prompt that was read and is not told yet.
  private struct Entry {
    let prompt: PromptFile.Prompt
    /// One for each of the session's sides, nil while it runs.
    var generations: [Generation?]
    /// Why the prompt cannot be continued.
    var error: FormatError?

    var isReady: Bool { error != nil || generations.allSatisfy { $0 != nil } }
  }

  private let session: RunSession
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

  init(_ session: RunSession) {
    self.session = session
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
      try takeLines()
      for (key, generation) in group.step() {
        entries[key / sides.count - told].generations[key % sides.count] = generation
      }
      try tell()
    }
    return hasFailed ? 1 : 0
  }

  /// Reads the lines that there is room for; waits only for the first.
  private mutating func takeLines() throws {
    for _ in 0..<Self.entryLimit {
      while let request = waiting.first, group.hasRoom(for: request) {
        group.add(request, as: (told + entries.count) * sides.count - waiting.count)
        waiting.removeFirst()
      }
      guard waiting.isEmpty, !isAtEnd, entries.count < Self.entryLimit else { return }
      switch try console.input.next(waits: entries.isEmpty) {
      case .line(let line): if !line.isBlank { try take(PromptFile.Prompt(line, of: "standard input")) }
      case .nothing: return
      case .end: isAtEnd = true
      }
    }
  }

  private mutating func take(_ prompt: PromptFile.Prompt) throws {
    var entry = Entry(prompt: prompt, generations: [])
    do {
      if let problem = prompt.problem { throw problem }
      let ids = try session.encode(prompt.text)
      waiting = sides.map { session.request(ids, $0) }[...]
      entry.generations = [Generation?](repeating: nil, count: sides.count)
    } catch var error as FormatError where error.kind == .prompt && error.location != "--system" {
      error.location = prompt.location
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
          let node: JSONNode = ["prompt": .string(entry.prompt.text), "error": .string(error.description)]
          try console.write(node.text() + "\n")
        }
      } else {
        try session.write(entry.generations.compactMap { $0.map { session.completion(entry.prompt.text, $0) } })
      }
    }
    entries.removeFirst(ready.count)
    told += ready.count
  }
}
