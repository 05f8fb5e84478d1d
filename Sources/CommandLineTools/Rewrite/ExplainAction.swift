import Format
import Rewriter
import Runtime

/// Shows what one memory does, and how far prompts are from its boundary.
struct ExplainAction: RewriteAction {
  static let askedBy = ["explain"]
  static let taken = ["prompt", "prompts", "json", "threads", "quiet"]

  var file: String
  /// The memory's name.
  var name: String
  /// Prompts from the command line.
  var prompts: [String]
  /// Files of prompts; without prompts here and there, those that the memory was compiled with.
  var files: [String]
  var json: Bool
  /// nil for one per processor.
  var threads: Int?
  var quiet: Bool

  init(_ arguments: ParsedArguments) throws(UsageError) {
    let operands = arguments.operands
    guard operands.count > 1 else { throw UsageError("NAME is missing: which memory of FILE to explain") }
    try arguments.requireOperands(atMost: 2)
    (file, name) = (operands[0], operands[1])
    prompts = arguments.texts("prompt")
    files = arguments.texts("prompts")
    json = arguments.has("json")
    threads = try arguments.threads()
    quiet = arguments.has("quiet")
  }

  func run(on console: Console) throws -> Int32 {
    let checkpoint = try Checkpoint(path: file)
    let progress = ProgressLine(RewriteCommand.table.name, on: console, quiet: quiet)
    var all = prompts.map { PromptFile.Prompt(text: $0, location: "--prompt \"\($0.printable(limit: 60))\"") }
    for file in files { all += try PromptFile(path: file).prompts }
    let explanation = try Explanation(
      of: name, in: checkpoint, prompts: all.isEmpty ? nil : all, pool: WorkerPool(threads: threads),
      progress: progress.tell)
    progress.end()
    try console.write(json ? explanation.json.text() + "\n" : explanation.text)
    return 0
  }
}
