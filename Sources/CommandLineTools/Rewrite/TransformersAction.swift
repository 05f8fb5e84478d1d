import Format
import Rewriter
import Runtime

/// Writes a folder that Hugging Face transformers loads as the patched model.
struct TransformersAction: RewriteAction {
  static let askedBy = ["transformers"]
  static let taken = ModelFile.options + MemoryEdits.options + ["force", "json", "threads", "quiet"]

  var base: ModelFile
  var edits: MemoryEdits
  var folder: String
  var force: Bool
  var json: Bool
  /// nil for one per processor.
  var threads: Int?
  var quiet: Bool

  init(_ arguments: ParsedArguments) throws(UsageError) {
    base = try ModelFile(arguments.soleOperand(), arguments)
    edits = try MemoryEdits(arguments)
    folder = try arguments.file("transformers") ?? ""
    force = arguments.has("force")
    json = arguments.has("json")
    threads = try arguments.threads()
    quiet = arguments.has("quiet")
  }

  func run(on console: Console) throws -> Int32 {
    let progress = ProgressLine(RewriteCommand.table.name, on: console, quiet: quiet)
    var checkpoint = try base.open()
    try edits.apply(to: &checkpoint, progress)
    guard !checkpoint.memories.isEmpty else {
      throw FormatError(.memoryTable, base.path, "holds no memories, so that transformers reads it as it is")
    }
    let pool = WorkerPool(threads: threads)
    let model = try LanguageModel(checkpoint, pool: pool)
    if !quiet { console.warn(model.warnings, by: RewriteCommand.table.name) }
    let contents = TransformersFolder(model)
    try contents.check(folder, replacing: force)
    let check = edits.merged.isEmpty ? nil : try MergeCheck(checkpoint, pool: pool, progress: progress.tell)
    try contents.write(to: folder, replacing: force, progress)
    progress.end()
    try afterWriting([folder]) { try console.write(json ? node(checkpoint, check) : text(checkpoint, check)) }
    return check?.broken.isEmpty == false ? 3 : 0
  }

  private func node(_ checkpoint: Checkpoint, _ check: MergeCheck?) -> String {
    let members = [("folder", JSONNode.string(folder)), ("memories", JSONNode(checkpoint.memories.map(\.name)))]
    return JSONNode.object(members + (check?.members ?? [])).text() + "\n"
  }

  private func text(_ checkpoint: Checkpoint, _ check: MergeCheck?) -> String {
    let lines = [
      "\(folder): \(checkpoint.memories.count) memories; transformers loads them with "
        + "AutoModelForCausalLM.from_pretrained(FOLDER, trust_remote_code=True)"
    ]
    return (lines + (check?.lines ?? [])).map { $0.printable() + "\n" }.joined()
  }
}
