import Format

/// `memdiff --merge-files`: git's merge driver, which merges the memories of two versions of a file by name.
public struct FileMerge: Sendable, Equatable {
  /// The version that both go back to; an empty file or /dev/null where there is none.
  public var base: String
  /// Our version, which the result replaces.
  public var ours: String
  public var theirs: String
  /// The file's name for messages, where the versions lie under temporary ones.
  public var label: String?

  /// Merges, or leaves our version as it is and tells the conflicts on standard error.
  ///
  /// - Returns: 0, or 1 where there is a conflict.
  func run(on console: Console) throws -> Int32 {
    let old = base == "/dev/null" ? Checkpoint(emptyAt: base) : try Checkpoint(version: base)
    let (our, their) = (try Checkpoint(version: ours), try Checkpoint(version: theirs))
    do {
      try our.requireMergeable(with: their)
      let keeper = try Checkpoint.keeper(of: old, ours: our, theirs: their)
      let merge = MemoryMerge(base: old.memories, ours: our.memories, theirs: their.memories)
      for conflict in merge.conflicts {
        let line = "\(label ?? ours): memory \(conflict.name): \(conflict.problem)".printable(limit: 600)
        console.writeError("\(MemdiffCommand.table.name): \(line)\n")
      }
      guard merge.conflicts.isEmpty else { return 1 }
      let file =
        our.isSidecar
        ? try our.prepareSidecar(memories: merge.memories, to: ours, replacing: true)
        : try keeper.prepare(memories: merge.memories, to: ours, replacing: true)
      try file.commit()
    } catch { throw named(error) }
    return 0
  }

  /// An error that names the file instead of the temporary one.
  private func named(_ error: any Error) -> any Error {
    guard var error = error as? FormatError, let label else { return error }
    for path in [ours, theirs] where error.location.hasPrefix(path) {
      error.location = label + error.location.dropFirst(path.count)
    }
    return error
  }
}
