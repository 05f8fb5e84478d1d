import Format
import Rewriter

/// Memories to take out of a checkpoint, and files whose memories are added to it.
struct MemoryEdits {
  static let options = ["remove", "remove-list", "merge", "any-base"]

  /// Names, or patterns of them.
  var removed: [String]
  /// Files of names, one per line.
  var removedLists: [String]
  var merged: [String]
  /// Whether memories made for other bases are merged.
  var anyBase: Bool

  init(_ arguments: ParsedArguments) throws(UsageError) {
    try arguments.require("merge", for: "any-base")
    removed = arguments.texts("remove")
    removedLists = arguments.texts("remove-list")
    merged = arguments.texts("merge")
    anyBase = arguments.has("any-base")
  }

  /// Takes memories out of `checkpoint`, then adds those of the files.
  ///
  /// - Returns: the names of those that were taken out.
  /// - Throws: `FormatError` for a name or pattern that no memory of the file has, and for a file that cannot be merged.
  @discardableResult
  func apply(to checkpoint: inout Checkpoint, _ progress: ProgressLine) throws(FormatError) -> [String] {
    let taken = try takeOut(of: &checkpoint)
    guard !merged.isEmpty else { return taken }
    let identity = anyBase ? nil : checkpoint.identity(progress: progress.tell)
    for path in merged { try checkpoint.merge(Checkpoint(path: path), identity: identity) }
    return taken
  }

  private func takeOut(of checkpoint: inout Checkpoint) throws(FormatError) -> [String] {
    var names = removed
    for list in removedLists { names += try TextLines(path: list, expected: "a memory's name").texts() }
    let all = checkpoint.memories.map(\.name)
    var left = Set(all.map { ByteString($0) })
    var taken: [String] = []
    // Names first, whatever their order: a pattern may match them too.
    let named = Set(left)
    for name in names.filter({ named.contains(ByteString($0)) }) + names.filter({ !named.contains(ByteString($0)) }) {
      var found = [name]
      if !left.contains(ByteString(name)) {
        let pattern = NamePattern(name)
        found = all.filter { left.contains(ByteString($0)) && pattern?.matches($0) == true }
      }
      if found.isEmpty {
        checkpoint.memories.removeAll { !left.contains(ByteString($0.name)) }
        _ = try checkpoint.memory(named: name)
      }
      left.subtract(found.map { ByteString($0) })
      taken += found
    }
    checkpoint.memories.removeAll { !left.contains(ByteString($0.name)) }
    return taken
  }
}
