import Format
import Rewriter
import Runtime

/// Takes memories out, adds those of other files, and writes the memories with their base, alone, or both ways.
struct EditAction: RewriteAction {
  static let askedBy = ["remove", "remove-list", "merge", "sidecar"]
  static let taken =
    MemoryEdits.options + RewriteOutputs.options + ModelFile.options
    + ["report", "figures", "keep-going", "table", "json", "threads", "quiet"]

  var base: ModelFile
  var edits: MemoryEdits
  var outputs: RewriteOutputs
  var told: ResultOutput
  /// The dtype of the tables that parts are put together to; nil for that of their compile.
  var table: Dtype?
  /// Whether parts are put together though some are missing.
  var keepsGoing: Bool
  /// nil for one per processor.
  var threads: Int?
  var quiet: Bool

  init(_ arguments: ParsedArguments) throws(UsageError) {
    base = try ModelFile(arguments.soleOperand(), arguments)
    guard Self.askedBy.contains(where: arguments.has) else { throw Self.nothingToDo }
    edits = try MemoryEdits(arguments)
    threads = try arguments.threads()
    quiet = arguments.has("quiet")
    keepsGoing = arguments.has("keep-going")
    table = try arguments.table()
    outputs = try RewriteOutputs(arguments)
    told = try ResultOutput(arguments, base: base.path, outputs: outputs)
  }

  /// The error of a command line that asks for no action.
  static let nothingToDo = UsageError(
    "--spec FILE is missing (or --remove NAME, --merge FILE, --sidecar FILE, --strip, --verify, --explain, --init)")

  func run(on console: Console) throws -> Int32 {
    let progress = ProgressLine(RewriteCommand.table.name, on: console, quiet: quiet)
    var checkpoint = try base.open()
    if let parts = try edits.parts(), !checkpoint.isSidecar {
      return try merge(parts, into: checkpoint, progress, on: console)
    }
    if let option = keepsGoing ? "keep-going" : told.option {
      throw UsageError("--\(option) needs --spec, or --merge with parts that --shard wrote")
    }
    let removed = try edits.apply(to: &checkpoint, progress)
    try checkpoint.checkOutputs(outputs.files, replacing: outputs.isReplacing)
    let isMerged = !edits.merged.isEmpty && !checkpoint.isSidecar
    let check =
      isMerged ? try MergeCheck(checkpoint, pool: WorkerPool(threads: threads), progress: progress.tell) : nil
    try outputs.write(checkpoint, progress)
    progress.end()
    let names = checkpoint.memories.map(\.name)
    try afterWriting(outputs.files) {
      try console.write(told.isJSON ? node(removed, names, check).text() + "\n" : text(removed, names, check))
    }
    return check?.broken.isEmpty == false ? 3 : 0
  }

  /// Makes of parts what a compile of the whole spec makes.
  private func merge(
    _ parts: [Checkpoint], into checkpoint: Checkpoint, _ progress: ProgressLine, on console: Console
  ) throws -> Int32 {
    var checkpoint = checkpoint
    try edits.takeOut(of: &checkpoint)
    try told.check(beside: checkpoint)
    let pipeline = Pipeline(checkpoint, pool: WorkerPool(threads: threads), progress: progress.tell)
    let result = try pipeline.merge(
      parts, output: outputs.model, sidecar: outputs.sidecar, replacing: outputs.isReplacing,
      figures: told.hasFigures, table: table, keepsGoing: keepsGoing)
    progress.end()
    try told.tell(result, on: console)
    return result.status
  }

  private func node(_ removed: [String], _ names: [String], _ check: MergeCheck?) -> JSONNode {
    var members = [("removed", JSONNode(removed)), ("memories", JSONNode(names))]
    if let check { members += [("merged", JSONNode(edits.merged))] + check.members }
    return .object(members)
  }

  private func text(_ removed: [String], _ names: [String], _ check: MergeCheck?) -> String {
    let merged = edits.merged
    var parts: [String] = []
    if !removed.isEmpty { parts.append("removed \(removed.listed(limit: 20))") }
    if !merged.isEmpty { parts.append("merged \(merged.joined(separator: ", "))") }
    parts.append("\(names.count) memories" + (merged.isEmpty && !removed.isEmpty ? " remain" : ""))
    let lines = [parts.joined(separator: "; ")] + (check?.lines ?? [])
    return lines.map { $0.printable() + "\n" }.joined()
  }
}

extension MergeCheck {
  /// What it found, as members of a JSON object.
  var members: [(String, JSONNode)] { [("broken", JSONNode(broken)), ("idle", JSONNode(idle))] }

  /// What it found, a line for each memory.
  var lines: [String] {
    broken.map { "\($0): gives its target alone, not beside the others" }
      + idle.map { "\($0): does not give its target by itself" }
  }
}

extension JSONNode {
  /// A list of strings.
  init(_ strings: [String]) { self = .array(strings.map(JSONNode.string)) }
}
