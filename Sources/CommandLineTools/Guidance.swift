import Format
import Foundation
import Rewriter
import Runtime

/// What `rewrite` does for those who write specs and look at memories.
enum Guidance {
  /// Writes a first spec, to a file or to standard output, and what to know of it to standard error.
  static func start(
    prompt: String, target: String, _ options: RewriteOptions, on console: Console
  ) throws -> Int32 {
    if options.base.isEmpty, FileManager.default.fileExists(atPath: prompt) {
      throw UsageError("TARGET is missing: \"\(prompt)\" is a file, so it was taken for BASE")
    }
    let base =
      options.base.isEmpty ? Checkpoint(emptyAt: "") : try Checkpoint(path: options.base, dtype: options.dtype)
    try options.checkDtype(for: base)
    if let output = options.output { try base.checkOutput(output, replacing: options.force) }
    var model: LanguageModel?
    if !options.base.isEmpty {
      let progress = ProgressLine(RewriteCommand.table.name, on: console, quiet: options.quiet)
      progress.tell(StepProgress("asking the model"))
      model = try LanguageModel(base, pool: WorkerPool(threads: options.threads))
      progress.end()
    }
    let starter = try StarterSpec(prompt: prompt, target: target, model: model)
    let text = starter.spec.text(pretty: true) + "\n"
    if let output = options.output {
      try writeFile(Array(text.utf8), to: output)
    } else {
      try console.write(text)
    }
    if !options.quiet { for note in starter.notes { console.writeError("rewrite: \(note.printable())\n") } }
    return 0
  }

  /// Tells what one memory does.
  static func explain(
    _ name: String, _ texts: [String], _ files: [String], _ checkpoint: Checkpoint, _ options: RewriteOptions,
    _ progress: ProgressLine, on console: Console
  ) throws -> Int32 {
    var prompts = texts.map { PromptFile.Prompt(text: $0, location: "--prompt \"\($0.printable(limit: 60))\"") }
    for file in files { prompts += try PromptFile(path: file).prompts }
    let explanation = try Explanation(
      of: name, in: checkpoint, prompts: prompts.isEmpty ? nil : prompts,
      pool: WorkerPool(threads: options.threads), progress: progress.tell)
    progress.end()
    try console.write(options.json ? explanation.json.text() + "\n" : explanation.text)
    return 0
  }
}
