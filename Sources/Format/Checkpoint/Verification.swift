/// A comparison of what a file records about itself with what it holds.
///
/// Opening a checkpoint checks its header, its tables and the manifest's hash; this reads every byte of the base.
public struct Verification: Sendable {
  /// The identity of the base by its bytes; nil for a sidecar.
  public let base: String?
  /// The identity of the base as the file records it; nil for an unpatched file.
  public let recordedBase: String?
  public let tensorCount: Int
  public let memoryCount: Int
  public let rowCount: Int

  /// Verifies a file.
  ///
  /// - Throws: `FormatError` of kind `memoryTable` where the base is not the one that the file records, and as
  ///   `writeBase` does where the embedded header is not that of the base.
  public init(
    _ checkpoint: Checkpoint, progress: @Sendable (StepProgress) -> Void = { _ in }
  ) throws(FormatError) {
    base = checkpoint.isSidecar ? nil : checkpoint.baseHash(progress: progress)
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
