import Format

/// Pass 7: the files, each of which takes its name only once its content has been verified.
struct Emit {
  let checkpoint: Checkpoint
  /// The patched model; nil writes none.
  let output: String?
  /// The memories alone; nil writes none.
  let sidecar: String?
  let replacing: Bool

  /// Writes all memories, verifies what was written, and renames it into place.
  ///
  /// - Parameters:
  ///   - identity: the base's; nil computes it.
  ///   - progress: called with the bytes written so far and in all.
  ///   - verify: throws where a written file, opened anew, answers otherwise than it should; the path is the file's
  ///     later one.
  /// - Throws: `FormatError`. Nothing has its name then, but where the last rename failed behind the first, which the
  ///   error says.
  func write(
    _ memories: [Memory], identity: String?, progress: @escaping (Int, Int) -> Void,
    verify: (Checkpoint, String) throws(FormatError) -> Void
  ) throws(FormatError) {
    var pending: [PendingCheckpoint] = []
    if let output {
      let file = try checkpoint.prepare(
        memories: memories, to: output, replacing: replacing, baseHash: identity, progress: progress)
      try verify(file.open(), output)
      pending.append(file)
    }
    if let sidecar {
      let file = try checkpoint.prepareSidecar(
        memories: memories, to: sidecar, replacing: replacing, baseHash: identity)
      // A sidecar is verified on the base that it will be applied to.
      var written = checkpoint
      written.memories = try file.open().memories
      try verify(written, sidecar)
      pending.insert(file, at: 0)
    }
    try PendingCheckpoint.commit(pending)
  }
}
