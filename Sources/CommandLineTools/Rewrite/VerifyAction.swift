import Format
import Runtime

/// Compares what a file says of itself with what it holds.
struct VerifyAction: RewriteAction {
  static let askedBy = ["verify"]
  static let taken = ModelFile.options + ["json", "quiet"]

  var base: ModelFile
  var json: Bool
  var quiet: Bool

  init(_ arguments: ParsedArguments) throws(UsageError) {
    base = try ModelFile(arguments.soleOperand(), arguments)
    json = arguments.has("json")
    quiet = arguments.has("quiet")
  }

  func run(on console: Console) throws -> Int32 {
    let progress = ProgressLine(RewriteCommand.table.name, on: console, quiet: quiet)
    let checkpoint = try base.open()
    let found = try Verification(checkpoint, progress: progress.tell)
    progress.end()
    // Whether the tables fit the model is known once it is loaded.
    if found.base != nil, checkpoint.companion(.config) != nil, found.memoryCount > 0 {
      _ = try LanguageModel(checkpoint, pool: WorkerPool(threads: 1))
    }
    try console.write(json ? found.json.text() + "\n" : found.text)
    return 0
  }
}

extension Verification {
  fileprivate var json: JSONNode {
    [
      "base": base.map(JSONNode.string) ?? .null, "recorded_base": recordedBase.map(JSONNode.string) ?? .null,
      "tensors": .int(tensorCount), "memories": .int(memoryCount), "rows": .int(rowCount),
    ]
  }

  fileprivate var text: String {
    let told =
      switch (base, recordedBase) {
      case (let base?, nil): "\(tensorCount) tensors, \(base), never patched"
      case (let base?, _): "\(tensorCount) tensors, \(base) as recorded"
      case (nil, let recorded): "not in this file; made for \(recorded ?? "none")"
      }
    return "base: \(told)\nmemories: \(memoryCount) in \(rowCount) rows, tables and manifest in order\n"
  }
}
