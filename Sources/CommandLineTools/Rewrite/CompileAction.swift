import Format
import Rewriter
import Runtime

/// Compiles the memories of a spec into the base, after memories were taken out and those of other files added.
struct CompileAction: RewriteAction {
  static let askedBy = ["spec", "update"]
  static let taken =
    MemoryEdits.options + RewriteOutputs.options + ModelFile.options + [
      "method", "setting", "table", "map", "report", "background", "statistics", "seed", "json", "threads", "quiet",
    ]

  var base: ModelFile
  var edits: MemoryEdits
  var outputs: RewriteOutputs
  var spec: String
  /// Whether the memories are to become those of the spec: only what differs is compiled, what it lacks goes.
  var isUpdate: Bool
  /// Overrides the method of every memory; nil leaves it to the spec.
  var method: MemorySpec.Method?
  /// Other values of the compiler's settings; the last of a name counts.
  var settings: [(name: String, value: String)]
  /// The dtype of the new memories' keys and deltas; nil for that of the file's memories.
  var table: Dtype?
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

  /// The values of `--table`.
  private enum TableChoice: String, CaseIterable { case bf16, f32 }

  init(_ arguments: ParsedArguments) throws(UsageError) {
    base = try ModelFile(arguments.soleOperand(), arguments)
    edits = try MemoryEdits(arguments)
    try arguments.requireAtMostOne(of: "spec", "update")
    isUpdate = arguments.has("update")
    spec = arguments.text("spec") ?? arguments.text("update") ?? ""
    method = try arguments.choice("method")
    settings = try arguments.assignments("setting")
    table = try arguments.choice("table", of: TableChoice.self).map { $0 == .bf16 ? .bf16 : .f32 }
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
    var request = try request()
    let progress = ProgressLine(RewriteCommand.table.name, on: console, quiet: quiet)
    var checkpoint = try base.open()
    try edits.apply(to: &checkpoint, progress)
    try checkReport(beside: checkpoint)
    let update = isUpdate ? self.update(&checkpoint, &request) : nil
    if let update, request.spec.memories.isEmpty {
      return try writeUnchanged(checkpoint, update, progress, on: console)
    }
    let pipeline = Pipeline(checkpoint, pool: WorkerPool(threads: threads), progress: progress.tell) { warnings in
      guard !quiet else { return }
      progress.end()
      console.warn(warnings, by: RewriteCommand.table.name)
    }
    let result = try pipeline.run(request)
    progress.end()
    try tell(result, update, on: console)
    return !result.isConsistent ? 4 : result.holds ? 0 : 3
  }

  /// Takes out what the spec lacks, and leaves in the request what is to be compiled.
  private func update(_ checkpoint: inout Checkpoint, _ request: inout RewriteRequest) -> SpecUpdate {
    let update = SpecUpdate(checkpoint.memories, to: request.spec)
    let removed = Set(update.removed.map { ByteString($0) })
    checkpoint.memories.removeAll { removed.contains(ByteString($0.name)) }
    request.spec.memories = update.compiled
    return update
  }

  /// Writes a file that has nothing new to be compiled.
  private func writeUnchanged(
    _ checkpoint: Checkpoint, _ update: SpecUpdate, _ progress: ProgressLine, on console: Console
  ) throws -> Int32 {
    try checkpoint.checkOutputs(outputs.files, replacing: outputs.isReplacing)
    try outputs.write(checkpoint, progress)
    progress.end()
    let node: JSONNode = ["update": update.json]
    try afterWriting(outputs.files) {
      try console.write(json ? node.text() + "\n" : "update: \(update.summary)\n")
    }
    return 0
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
      statistics: statistics, table: table)
    for (name, value) in settings { try request.settings.set(name, to: value) }
    return request
  }

  /// Writes the report and prints the results, after the outputs were written.
  func tell(_ result: RewriteResult, _ update: SpecUpdate? = nil, on console: Console) throws {
    if let report {
      let page = HTMLReport(result, base: base.path, version: toolVersion).text
      try afterWriting(outputs.files) { try writeFile(Array(page.utf8), to: report) }
    }
    try afterWriting(outputs.files + [report].compactMap(\.self)) {
      var node = result.json
      if let update, case .object(let members) = node { node = .object(members + [("update", update.json)]) }
      let text = TextReport(result).text + (update.map { "update: \($0.summary)\n" } ?? "")
      try console.write(json ? node.text() + "\n" : text)
    }
  }
}
