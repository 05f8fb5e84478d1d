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

  /// The files to be merged, where they are parts of a compile; nil where none is.
  ///
  /// - Throws: `FormatError` where only some are.
  func parts() throws(FormatError) -> [Checkpoint]? {
    var files: [Checkpoint] = []
    var areParts: [Bool] = []
    for path in merged {
      files.append(try Checkpoint(path: path))
      areParts.append(try files[files.count - 1].part() != nil)
    }
    guard areParts.contains(true), !anyBase else { return nil }
    if let other = areParts.firstIndex(of: false) {
      throw FormatError(
        .memoryTable, files[other].path, "is no part of a compile, as the others are: merge it by itself")
    }
    return files
  }

  /// Takes memories out of `checkpoint`.
  @discardableResult
  func takeOut(of checkpoint: inout Checkpoint) throws(FormatError) -> [String] {
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
