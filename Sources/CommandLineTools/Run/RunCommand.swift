import Format
import Foundation
import Runtime

/// `run`: continues prompts.
public enum RunCommand: Command {
  public static let table = RunOptions.table

  public static func run(_ arguments: ParsedArguments, on console: Console) throws -> Int32 {
    let options = try RunOptions(arguments)
    let started = Date()
    var checkpoint = try options.model.open()
    if !options.memoryFiles.isEmpty {
      let progress = ProgressLine(table.name, on: console, quiet: options.quiet)
      let identity = options.anyBase ? nil : checkpoint.identity(progress: progress.tell)
      progress.end()
      for path in options.memoryFiles { try checkpoint.merge(Checkpoint(path: path), identity: identity) }
    }
    let enabled = try memories(of: checkpoint, without: options.disabled)
    let model = try LanguageModel(checkpoint, pool: WorkerPool(threads: options.threads))
    let patched = options.disabled.isEmpty ? model.memories : try MemorySet(enabled, for: model.transformer)
    var session = RunSession(
      model: model, options: options, console: console,
      memories: options.noMemories ? .none(of: model.transformer) : patched,
      template: options.chat ? try ChatTemplate(checkpoint, tokenizer: model.tokenizer, named: options.template) : nil,
      date: options.date ?? TemplateDate(), loadSeconds: Date().timeIntervalSince(started))
    if !options.quiet { writeNotes(options, model, console) }
    if let path = options.messages {
      return try answer(ConversationFile(path: path), session)
    } else if let prompt = options.prompt {
      try session.answer(prompt)
    } else if console.inputIsTerminal {
      var loop = PromptLoop(session, on: console)
      return try loop.run()
    } else {
      var batch = PromptBatch(session, QuestionSource(linesOf: console, for: session))
      return try batch.run()
    }
    return 0
  }

  /// Answers conversations: one as it comes, several side by side.
  private static func answer(_ file: ConversationFile, _ session: RunSession) throws -> Int32 {
    if file.conversations.count == 1, file.conversations[0].problem == nil {
      _ = try session.answer(file.conversations[0].question)
      return 0
    }
    var batch = PromptBatch(session, QuestionSource(file))
    return try batch.run()
  }

  /// The memories of a file without those of the given names, which are compared by their bytes.
  ///
  /// - Throws: `FormatError` of kind `memoryTable` for a name that no memory has.
  static func memories(of checkpoint: Checkpoint, without names: [String]) throws(FormatError) -> [Memory] {
    let known = Set(checkpoint.memories.map { ByteString($0.name) })
    for name in names where !known.contains(ByteString(name)) {
      guard !known.isEmpty else {
        throw FormatError(.memoryTable, checkpoint.path, "holds no memories to disable", got: name)
      }
      throw FormatError(
        .memoryTable, checkpoint.path, "no such memory to disable",
        expected: "one of \(checkpoint.memories.map(\.name).listed(limit: 10))",
        got: name)
    }
    let disabled = Set(names.map { ByteString($0) })
    return checkpoint.memories.filter { !disabled.contains(ByteString($0.name)) }
  }

  private static func writeNotes(_ options: RunOptions, _ model: LanguageModel, _ console: Console) {
    console.warn(model.warnings, by: table.name)
    for name in options.idleSamplingOptions {
      console.writeError("run: note: \(name) does nothing at temperature 0\n")
    }
    if model.checkpoint.memories.isEmpty, options.compare || options.trace {
      console.writeError("run: note: \(model.checkpoint.path.printable()) holds no memories\n")
    }
  }
}
