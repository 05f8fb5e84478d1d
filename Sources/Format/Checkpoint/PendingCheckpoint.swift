/// A checkpoint or sidecar that is complete, under a temporary name in the folder of `output`.
///
/// Where the object goes away uncommitted, the temporary file is removed and whatever is at `output` stays as it was.
package final class PendingCheckpoint {
  private let file: PendingFile
  private let replacing: Bool

  /// The path that `commit` gives the file.
  package var output: String { file.output }

  /// - Parameter file: complete.
  init(_ file: PendingFile, replacing: Bool) {
    self.file = file
    self.replacing = replacing
  }

  /// Reads the file back; the checkpoint's path and errors name `output`.
  ///
  /// The checkpoint stays readable when the file is committed or removed.
  /// - Throws: `FormatError`, as opening `output` would after `commit`.
  package func open() throws(FormatError) -> Checkpoint { try Checkpoint(file: file.mapped()) }

  /// Gives the file its name once its bytes are on the disk, which happens at once or not at all.
  ///
  /// - Throws: `FormatError` of kind `exists` where there is a file by now that is not to be replaced, of kind
  ///   `unwritable` where renaming fails or the file is committed already.
  package func commit() throws(FormatError) { try file.commit(replacing: replacing) }
}

extension PendingCheckpoint {
  /// Gives several files their names, in their order, once the bytes of all are on the disk.
  ///
  /// - Throws: `FormatError` where one cannot be renamed; it says which of the others have their names already.
  package static func commit(_ files: [PendingCheckpoint]) throws(FormatError) {
    for file in files { try file.file.waitForDisk() }
    for (i, file) in files.enumerated() {
      do { try file.commit() } catch { throw error.afterWriting(files[..<i].map(\.output)) }
    }
  }
}

extension FormatError {
  /// A copy that says which files were written before the error.
  package func afterWriting(_ files: [String]) -> FormatError {
    guard !files.isEmpty else { return self }
    var error = self
    error.problem += "; \(files.joined(separator: " and ")) \(files.count == 1 ? "was" : "were") written"
    return error
  }
}
