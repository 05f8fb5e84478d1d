import Format
import Rewriter
import Runtime

/// `memdiff`: compares the memories of two files, as diff(1) compares lines.
public enum MemdiffCommand: Command {
  /// 2 for every failure, since 1 means different, as with diff(1).
  public static let failureStatus: Int32 = 2

  public static let table = MemdiffOptions.table

  public static func run(_ arguments: ParsedArguments, on console: Console) throws -> Int32 {
    let options = try MemdiffOptions(arguments)
    switch options.action {
    case .compare(let old, let new): return try compare(old, new, options, on: console)
    case .behavior(let old, let new, let prompts):
      return try compareBehavior(old, new, prompts: prompts, options, on: console)
    case .show(let file):
      try console.write(MemoryListing.text(of: try Checkpoint(path: file)))
    case .showSpec(let file, let step):
      let saved = try SavedSpec(of: try Checkpoint(path: file), step: step)
      try console.write(saved.text)
      if !options.quiet { console.warn([saved.note(of: step)].compactMap(\.self), by: table.name) }
    case .textconv(let file): try console.write(MemoryListing.textForGit(path: file))
    case .merge(let merge): return try merge.run(on: console)
    case .installGit(let isWritten):
      let setup = GitSetup(command: GitSetup.ownCommand())
      try console.write(isWritten ? setup.install() : setup.instructions)
    }
    return 0
  }

  private static func compare(
    _ old: ModelFile, _ new: ModelFile, _ options: MemdiffOptions, on console: Console
  ) throws -> Int32 {
    let files = try open(old, new)
    if !options.quiet { console.warn(files.flatMap(\.warnings) + old.notes(of: files), by: table.name) }
    let diff = TableDiff(files[0], files[1])
    if options.json {
      try console.write(diff.json.text() + "\n")
    } else if options.summary {
      try console.write(diff.summary + "\n")
    } else {
      try console.write(
        DiffText(
          columns: console.columns, paint: console.paint(options.color), bySubject: options.bySubject
        ).text(diff))
    }
    return diff.isEmpty ? 0 : 1
  }

  private static func compareBehavior(
    _ old: ModelFile, _ new: ModelFile, prompts: String, _ options: MemdiffOptions, on console: Console
  ) throws -> Int32 {
    let prompts = try PromptFile(path: prompts).prompts
    let progress = ProgressLine(table.name, on: console, quiet: options.quiet)
    let files = try open(old, new)
    let diff = try BehaviorDiff(
      files[0], files[1], prompts: prompts, maxTokens: options.maxTokens,
      pool: WorkerPool(threads: options.threads)
    ) { progress.tell(StepProgress("comparing", $0, of: prompts.count, .prompts)) }
    progress.end()
    for refusal in diff.refused { console.writeError("\(table.name): \(refusal.error)\n") }
    if options.json {
      try console.write(diff.json.text() + "\n")
    } else if options.summary {
      try console.write(diff.summary + "\n")
    } else {
      try console.write(diff.text(console.paint(options.color)))
    }
    guard diff.refused.isEmpty else { return failureStatus }
    return diff.different.isEmpty ? 0 : 1
  }

  /// The two checkpoints, empty for /dev/null, which git's difftool names where a side has no file.
  private static func open(_ old: ModelFile, _ new: ModelFile) throws -> [Checkpoint] {
    let checkpoints = try [old, new].map {
      $0.path == "/dev/null" ? Checkpoint(emptyAt: $0.path) : try $0.checkpoint()
    }
    try new.requireConversion(of: checkpoints)
    return checkpoints
  }
}
