import Format
import Rewriter
import Runtime

/// Compiles the memories of a spec into the base, after memories were taken out and those of other files added.
struct CompileAction: RewriteAction {
  static let askedBy = ["spec"]
  static let taken =
    MemoryEdits.options + RewriteOutputs.options + ModelFile.options + [
      "method", "setting", "map", "report", "background", "statistics", "seed", "json", "threads", "quiet",
    ]

  var base: ModelFile
  var edits: MemoryEdits
  var outputs: RewriteOutputs
  var spec: String
  /// Overrides the method of every memory; nil leaves it to the spec.
  var method: MemorySpec.Method?
  /// Other values of the compiler's settings; the last of a name counts.
  var settings: [(name: String, value: String)]
  /// Whether to make the token × layer map of every key prompt.
  var map: Bool
  /// The file of the web page with the results.
  var report: String?
  /// A text file to take as the background.
  var background: String?
  /// The file that keeps the background and its activations.
  var statistics: String?
  var seed: UInt64
  var json: Bool
  /// nil for one per processor.
  var threads: Int?
  var quiet: Bool

  init(_ arguments: ParsedArguments) throws(UsageError) {
    base = try ModelFile(arguments.soleOperand(), arguments)
    edits = try MemoryEdits(arguments)
    spec = arguments.text("spec") ?? ""
    method = try arguments.choice("method")
    settings = try arguments.assignments("setting")
    map = arguments.has("map")
    seed = try arguments.integer("seed", in: 0...UInt64.max) ?? 0
    json = arguments.has("json")
    threads = try arguments.threads()
    quiet = arguments.has("quiet")
    background = arguments.text("background")
    statistics = try arguments.file("statistics")
    report = try arguments.file("report")
    outputs = try RewriteOutputs(arguments)
  }

  func run(on console: Console) throws -> Int32 {
    let request = try request()
    let progress = ProgressLine(RewriteCommand.table.name, on: console, quiet: quiet)
    var checkpoint = try base.open()
    try edits.apply(to: &checkpoint, progress)
    try checkReport(beside: checkpoint)
    let pipeline = Pipeline(checkpoint, pool: WorkerPool(threads: threads), progress: progress.tell) { warnings in
      guard !quiet else { return }
      progress.end()
      console.warn(warnings, by: RewriteCommand.table.name)
    }
    let result = try pipeline.run(request)
    progress.end()
    try tell(result, on: console)
    return !result.isConsistent ? 4 : result.holds ? 0 : 3
  }

  /// Finds out before the work whether the report will overwrite another file, or cannot be written.
  private func checkReport(beside checkpoint: Checkpoint) throws(FormatError) {
    guard let report else { return }
    try checkpoint.checkOutputs(outputs.files + [report], replacing: outputs.isReplacing)
    if let statistics, areSameFile(report, statistics) {
      throw FormatError(.sameFile, report, "report and statistics are the same file")
    }
  }

  private func request() throws -> RewriteRequest {
    var request = RewriteRequest(
      spec: try Spec(path: spec), method: method, output: outputs.model, sidecar: outputs.sidecar,
      replacing: outputs.isReplacing, map: map, figures: report != nil, seed: seed,
      background: try background.map { try TextLines(path: $0, expected: "a passage").texts() },
      statistics: statistics)
    for (name, value) in settings { try request.settings.set(name, to: value) }
    return request
  }

  /// Writes the report and prints the results, after the outputs were written.
  func tell(_ result: RewriteResult, on console: Console) throws {
    if let report {
      let page = HTMLReport(result, base: base.path, version: toolVersion).text
      try afterWriting(outputs.files) { try writeFile(Array(page.utf8), to: report) }
    }
    try afterWriting(outputs.files + [report].compactMap(\.self)) {
      try console.write(json ? result.json.text() + "\n" : TextReport(result).text)
    }
  }
}
