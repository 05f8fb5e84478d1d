import Format
import Rewriter
import Runtime

/// Compiles the memories of a spec into the base, after memories were taken out and those of other files added.
struct CompileAction: RewriteAction {
  static let askedBy = ["spec", "update"]
  static let taken =
    MemoryEdits.options + RewriteOutputs.options + ModelFile.options + [
      "method", "setting", "table", "map", "report", "figures", "background", "statistics", "seed", "shard", "resume",
      "keep-going", "json",
      "threads", "quiet",
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
  var told: ResultOutput
  /// A text file to take as the background.
  var background: String?
  /// The file that keeps the background and its activations.
  var statistics: String?
  var seed: UInt64
  /// The share that is compiled; nil for all.
  var share: CompileShare?
  var resumes: Bool
  /// Whether memories that cannot be compiled are left out.
  var keepsGoing: Bool
  /// nil for one per processor.
  var threads: Int?
  var quiet: Bool

  /// The values of `--table`.

  init(_ arguments: ParsedArguments) throws(UsageError) {
    base = try ModelFile(arguments.soleOperand(), arguments)
    edits = try MemoryEdits(arguments)
    try arguments.requireAtMostOne(of: "spec", "update")
    isUpdate = arguments.has("update")
    spec = arguments.text("spec") ?? arguments.text("update") ?? ""
    method = try arguments.choice("method")
    settings = try arguments.assignments("setting")
    table = try arguments.table()
    map = arguments.has("map")
    seed = try arguments.integer("seed", in: 0...UInt64.max) ?? 0
    share = try arguments.share()
    resumes = arguments.has("resume")
    keepsGoing = arguments.has("keep-going")
    threads = try arguments.threads()
    quiet = arguments.has("quiet")
    background = arguments.text("background")
    statistics = try arguments.file("statistics")
    outputs = try RewriteOutputs(arguments)
    told = try ResultOutput(arguments, base: base.path, outputs: outputs)
  }

  func run(on console: Console) throws -> Int32 {
    var request = try request()
    let progress = ProgressLine(RewriteCommand.table.name, on: console, quiet: quiet)
    var checkpoint = try base.open()
    try edits.apply(to: &checkpoint, progress)
    try told.check(beside: checkpoint, statistics: statistics)
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
    try told.tell(result, update, on: console)
    return result.status
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
      try console.write(told.isJSON ? node.text() + "\n" : "update: \(update.summary)\n")
    }
    return 0
  }

  private func request() throws -> RewriteRequest {
    var request = RewriteRequest(
      spec: try Spec(path: spec), method: method, output: outputs.model, sidecar: outputs.sidecar,
      replacing: outputs.isReplacing, map: map, figures: told.hasFigures, seed: seed,
      background: try background.map { try TextLines(path: $0, expected: "a passage").texts() },
      statistics: statistics, table: table, share: share, resumes: resumes, keepsGoing: keepsGoing)
    for (name, value) in settings { try request.settings.set(name, to: value) }
    return request
  }
}

extension ParsedArguments {
  /// The share of a compile, written `K/N`; nil where the option is not given.
  fileprivate func share() throws(UsageError) -> CompileShare? {
    guard let text = text("shard") else { return nil }
    let numbers = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 2, let number = numbers[0], let count = numbers[1], 1...100_000 ~= count,
      1...count ~= number
    else { throw Self.wrong("shard", expected: "K/N, the K-th of N shares", got: text) }
    guard !has("output"), has("sidecar") || has("dry-run") else {
      throw UsageError("--shard writes a part: --sidecar FILE instead of -o FILE")
    }
    try requireAtMostOne(of: "shard", "update")
    return CompileShare(number: number, count: count)
  }
}
