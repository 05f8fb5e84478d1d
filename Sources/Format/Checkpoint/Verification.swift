/// What is recorded in a file about itself, compared with what it holds.
///
/// Opening a checkpoint has checked its header, its tables and the manifest's hash; this reads every byte of the base.
public struct Verification: Sendable {
  /// What the base is by its bytes; nil for a file of memories alone.
  public let base: String?
  /// What the file says of it; nil where it was never patched.
  public let recordedBase: String?
  public let tensorCount: Int
  public let memoryCount: Int
  public let rowCount: Int

  /// - Throws: `FormatError` of kind `memoryTable` where the base is not the one that the file records, of kind
  ///   `manifest` where the embedded header is not that of the base.
  public init(
    _ checkpoint: Checkpoint, progress: @Sendable (StepProgress) -> Void = { _ in }
  ) throws(FormatError) {
    base = checkpoint.isSidecar ? nil : try checkpoint.baseHash(progress: progress)
    recordedBase = checkpoint.recordedBase
    tensorCount = checkpoint.tensors.count
    memoryCount = checkpoint.memories.count
    rowCount = checkpoint.memories.reduce(0) { $0 + $1.rows.count }
    if let base, let recordedBase, base != recordedBase {
      throw FormatError(
        .memoryTable, checkpoint.path, "the base tensors are not those that were patched", expected: recordedBase,
        got: base)
    }
    _ = try checkpoint.originalHeader()
  }
}
