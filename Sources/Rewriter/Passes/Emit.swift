import Format

/// Pass 7: the files, each of which takes its name only once its content has been verified.
struct Emit {
  let checkpoint: Checkpoint
  /// The patched model; nil writes none.
  let output: String?
  /// The memories alone; nil writes none.
  let sidecar: String?
  let replacing: Bool
  /// What the sidecar is a part of; nil where it stands by itself.
  let part: MemoryPart?
  /// The base on its way to `output`.
  let early: EarlyCopy?

  /// Writes all memories, verifies what was written, and renames it into place.
  ///
  /// - Parameters:
  ///   - kept: the base's memories, which come before the others and are not written to a part.
  ///   - identity: the base's.
  ///   - progress: called with the bytes written so far and in all.
  ///   - verify: throws where a written file, opened anew, answers otherwise than it should; the path is the file's
  ///     later one.
  /// - Throws: `FormatError`. Nothing has its name then, but where the last rename failed behind the first, which the
  ///   error says.
  func write(
    _ memories: [Memory], beside kept: [Memory], identity: String, progress: @escaping (Int, Int) -> Void,
    verify: (Checkpoint, String) throws(FormatError) -> Void
  ) throws(FormatError) {
    var pending: [PendingCheckpoint] = []
    if let output {
      let file = try checkpoint.prepare(
        memories: kept + memories, to: output, replacing: replacing, baseHash: identity, early: early,
        progress: progress)
      try verify(file.open(), output)
      pending.append(file)
    }
    if let sidecar {
      let file = try checkpoint.prepareSidecar(
        memories: part == nil ? kept + memories : memories, to: sidecar, replacing: replacing, baseHash: identity,
        part: part)
      // A sidecar is verified on the base that it will be applied to.
      var written = checkpoint
      written.memories = (part == nil ? [] : kept) + (try file.open().memories)
      try verify(written, sidecar)
      pending.insert(file, at: 0)
    }
    try PendingCheckpoint.commit(pending)
  }
}
