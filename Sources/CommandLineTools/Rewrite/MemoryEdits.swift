import Format
import Rewriter

/// Memories to take out of a checkpoint, and files whose memories are added to it.
struct MemoryEdits {
  static let options = ["remove", "merge", "any-base"]

  var removed: [String]
  var merged: [String]
  /// Whether memories made for other bases are merged.
  var anyBase: Bool

  init(_ arguments: ParsedArguments) throws(UsageError) {
    try arguments.require("merge", for: "any-base")
    removed = arguments.texts("remove")
    merged = arguments.texts("merge")
    anyBase = arguments.has("any-base")
  }

  /// Takes memories out of `checkpoint`, then adds those of the files.
  ///
  /// - Throws: `FormatError` for a name that no memory of the file has, and for a file that cannot be merged.
  func apply(to checkpoint: inout Checkpoint, _ progress: ProgressLine) throws(FormatError) {
    for name in removed {
      _ = try checkpoint.memory(named: name)
      checkpoint.memories.removeAll { ByteString($0.name) == ByteString(name) }
    }
    guard !merged.isEmpty else { return }
    let identity = anyBase ? nil : checkpoint.identity(progress: progress.tell)
    for path in merged { try checkpoint.merge(Checkpoint(path: path), identity: identity) }
  }
}
