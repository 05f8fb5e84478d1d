import Format
import Rewriter
import Runtime

/// Computes once what all rewrites of a base have in common, and keeps it in a file.
struct StatisticsAction: RewriteAction {
  static let askedBy = ["statistics"]
  static let taken = ModelFile.options + ["background", "seed", "setting", "threads", "quiet"]

  var base: ModelFile
  var statistics: String
  var background: String?
  var seed: UInt64
  var settings: CompilerSettings
  /// nil for one per processor.
  var threads: Int?
  var quiet: Bool

  init(_ arguments: ParsedArguments) throws(UsageError) {
    base = try ModelFile(arguments.soleOperand(), arguments)
    statistics = try arguments.file("statistics") ?? ""
    background = arguments.text("background")
    seed = try arguments.integer("seed", in: 0...UInt64.max) ?? 0
    settings = CompilerSettings()
    for (name, value) in try arguments.assignments("setting") {
      do { try settings.set(name, to: value) } catch { throw UsageError(error.description) }
    }
    threads = try arguments.threads()
    quiet = arguments.has("quiet")
  }

  func run(on console: Console) throws -> Int32 {
    let progress = ProgressLine(RewriteCommand.table.name, on: console, quiet: quiet)
    let texts = try background.map { try TextLines(path: $0, expected: "a passage").texts() }
    let pipeline = Pipeline(try base.open(), pool: WorkerPool(threads: threads), progress: progress.tell)
    let isNew = try pipeline.makeStatistics(statistics, seed: seed, background: texts, settings: settings)
    progress.end()
    try console.write("\(statistics.printable()): \(isNew ? "made" : "was there, and is of this base")\n")
    return 0
  }
}
