import Format
import Foundation
import Rewriter
import Runtime

/// Writes a first spec for a fact, to a file or to standard output, and notes about it to standard error.
struct InitAction: RewriteAction {
  static let askedBy = ["init"]
  static let taken = ModelFile.options + ["chat", "output", "force", "threads", "quiet"]

  /// The model to ask for related facts; nil asks none.
  var base: ModelFile?
  var prompt: String
  var target: String
  /// Whether the prompt is what a user says in a conversation.
  var isChat: Bool
  /// nil for standard output.
  var output: String?
  var force: Bool
  /// nil for one per processor.
  var threads: Int?
  var quiet: Bool

  init(_ arguments: ParsedArguments) throws(UsageError) {
    let operands = arguments.operands
    guard operands.count > 1 else { throw UsageError("TARGET is missing: what should follow the prompt") }
    (prompt, target) = (operands[operands.count - 2], operands[operands.count - 1])
    if operands.count > 2 {
      base = try ModelFile(operands[0], arguments)
    } else if arguments.has("dtype") {
      throw ModelFile.nothingToConvert
    }
    isChat = arguments.has("chat")
    output = try arguments.file("output", letter: "o")
    force = arguments.has("force")
    threads = try arguments.threads()
    quiet = arguments.has("quiet")
  }

  func run(on console: Console) throws -> Int32 {
    if base == nil, FileManager.default.fileExists(atPath: prompt) {
      throw UsageError("TARGET is missing: \"\(prompt)\" is a file, so it was taken for BASE")
    }
    let checkpoint = try base?.open()
    if let output { try (checkpoint ?? Checkpoint(emptyAt: "")).checkOutput(output, replacing: force) }
    let starter = try StarterSpec(
      prompt: prompt, target: target, isChat: isChat, model: checkpoint.map { try load($0, console) })
    let text = starter.spec.text(pretty: true) + "\n"
    if let output {
      try writeFile(Array(text.utf8), to: output)
    } else {
      try console.write(text)
    }
    if !quiet { for note in starter.notes { console.writeError("rewrite: \(note.printable())\n") } }
    return 0
  }

  private func load(_ checkpoint: Checkpoint, _ console: Console) throws -> LanguageModel {
    let progress = ProgressLine(RewriteCommand.table.name, on: console, quiet: quiet)
    progress.tell(StepProgress("asking the model"))
    let model = try LanguageModel(checkpoint, pool: WorkerPool(threads: threads))
    try model.requireFinite(behind: model.encode(prompt))
    progress.end()
    if !quiet { console.warn(model.warnings, by: RewriteCommand.table.name) }
    return model
  }
}
