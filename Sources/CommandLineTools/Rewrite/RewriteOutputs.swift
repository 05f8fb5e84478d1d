import Format

/// The files that `rewrite` writes memories to.
struct RewriteOutputs {
  static let options = ["output", "sidecar", "dry-run", "force"]

  /// The whole model; nil where none is written.
  var model: String?
  /// The memories without the base; nil where they are not written.
  var sidecar: String?
  /// Whether files that exist are replaced.
  var isReplacing: Bool

  /// Reads the options; a dry run has no files.
  ///
  /// - Throws: `UsageError` where there is neither a file nor `--dry-run`.
  init(_ arguments: ParsedArguments) throws(UsageError) {
    let (model, sidecar) = (try arguments.safetensors("output", letter: "o"), try arguments.safetensors("sidecar"))
    let isDry = arguments.has("dry-run")
    guard model != nil || sidecar != nil || isDry else {
      throw UsageError("-o FILE is missing: where the patched model goes (or --sidecar FILE, or --dry-run)")
    }
    (self.model, self.sidecar) = isDry ? (nil, nil) : (model, sidecar)
    isReplacing = arguments.has("force")
  }

  /// The files that are written.
  var files: [String] { [model, sidecar].compactMap(\.self) }

  /// Writes the memories of a checkpoint with their base, alone, or both ways.
  func write(_ checkpoint: Checkpoint, _ progress: ProgressLine) throws {
    guard !files.isEmpty else { return }
    let identity = checkpoint.identity(progress: progress.tell)
    var pending: [PendingCheckpoint] = []
    for path in [sidecar, checkpoint.isSidecar ? model : nil].compactMap(\.self) {
      pending.append(
        try checkpoint.prepareSidecar(
          memories: checkpoint.memories, to: path, replacing: isReplacing, baseHash: identity))
    }
    if let model, !checkpoint.isSidecar {
      pending.append(
        try checkpoint.prepare(
          memories: checkpoint.memories, to: model, replacing: isReplacing, baseHash: identity
        ) { progress.tell(StepProgress("writing", $0, of: $1)) })
    }
    try PendingCheckpoint.commit(pending)
  }
}

/// Does what comes after `files` were written, so that an error says that they were.
func afterWriting(_ files: [String], _ body: () throws -> Void) throws {
  do { try body() } catch let error as FormatError { throw error.afterWriting(files) }
}
