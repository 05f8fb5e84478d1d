import Format
import Foundation
import Rewriter
import Runtime

/// `rewrite`: compiles memories into a checkpoint, or takes them out.
public enum RewriteCommand: Command {
  public static let table = RewriteOptions.table

  public static func run(_ arguments: ParsedArguments, on console: Console) throws -> Int32 {
    let options = try RewriteOptions(arguments)
    if case .start(let prompt, let target) = options.action {
      return try Guidance.start(prompt: prompt, target: target, options, on: console)
    }
    var checkpoint = try Checkpoint(path: options.base, dtype: options.dtype)
    try options.checkDtype(for: checkpoint)
    let progress = ProgressLine(table.name, on: console, quiet: options.quiet)
    switch options.action {
    case .verify: return try FileEdits.verify(checkpoint, options, progress, on: console)
    case .strip: return try FileEdits.strip(checkpoint, options, progress, on: console)
    case .explain(let name, let prompts, let files):
      return try Guidance.explain(name, prompts, files, checkpoint, options, progress, on: console)
    case .start: return 0
    case .edit(let removed, let merged):
      try remove(removed, from: &checkpoint)
      try merge(merged, into: &checkpoint, options, progress)
      return try FileEdits.write(checkpoint, removed: removed, merged: merged, options, progress, on: console)
    case .compile(let spec, let removed, let merged):
      try remove(removed, from: &checkpoint)
      try merge(merged, into: &checkpoint, options, progress)
      return try compile(spec, checkpoint, options, progress, on: console)
    }
  }

  private static func compile(
    _ specPath: String, _ checkpoint: Checkpoint, _ options: RewriteOptions, _ progress: ProgressLine,
    on console: Console
  ) throws -> Int32 {
    let outputs = options.dryRun ? [] : [options.output, options.sidecar].compactMap(\.self)
    if let report = options.report { try checkpoint.checkOutputs(outputs + [report], replacing: options.force) }
    let request = RewriteRequest(
      spec: try Spec(path: specPath), method: options.method, output: options.dryRun ? nil : options.output,
      sidecar: options.dryRun ? nil : options.sidecar, replacing: options.force, map: options.map,
      figures: options.report != nil, seed: options.seed,
      background: try options.background.map { try TextLines(path: $0, expected: "a passage").lines.map(\.text) },
      statistics: options.statistics)
    let pipeline = Pipeline(
      checkpoint, pool: WorkerPool(threads: options.threads), progress: progress.tell)
    let result = try pipeline.run(request)
    if let report = options.report {
      let page = HTMLReport(result, base: options.base, version: toolVersion).text
      try writeFile(Array(page.utf8), to: report)
    }
    progress.end()
    try console.write(options.json ? result.json.text() + "\n" : TextReport(result).text)
    return result.holds ? 0 : 3
  }

  private static func merge(
    _ paths: [String], into checkpoint: inout Checkpoint, _ options: RewriteOptions, _ progress: ProgressLine
  ) throws(FormatError) {
    guard !paths.isEmpty else { return }
    let identity = options.anyBase ? nil : checkpoint.identity(progress: progress.tell)
    for path in paths { try checkpoint.merge(Checkpoint(path: path), identity: identity) }
  }

  /// - Throws: `FormatError` for a name that no memory of the file has.
  private static func remove(_ names: [String], from checkpoint: inout Checkpoint) throws(FormatError) {
    for name in names {
      _ = try checkpoint.memory(named: name)
      checkpoint.memories.removeAll { ByteString($0.name) == ByteString(name) }
    }
  }
}
