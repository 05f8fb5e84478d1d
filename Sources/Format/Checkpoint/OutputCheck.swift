import Foundation

extension Checkpoint {
  /// Checks files that are to be written, before any work is done: each as `checkOutput` does, and that they differ.
  ///
  /// - Throws: `FormatError` of kind `sameFile`, `exists` or `unwritable`.
  package func checkOutputs(_ outputs: [String], replacing: Bool) throws(FormatError) {
    for (i, output) in outputs.enumerated() {
      try checkOutput(output, replacing: replacing)
      guard !outputs[..<i].contains(where: { areSameFile($0, output) }) else {
        throw FormatError(.sameFile, output, "two outputs are the same file")
      }
    }
  }

  /// Checks that a file can be written: its folder allows it, and what is there may be replaced and is not read from.
  ///
  /// - Throws: `FormatError` of kind `sameFile`, `exists` or `unwritable`.
  package func checkOutput(_ output: String, replacing: Bool) throws(FormatError) {
    var status = stat()
    guard stat(output, &status) == 0 else {
      let folder = SplitPath(output).folder
      guard access(folder.isEmpty ? "." : folder, W_OK | X_OK) == 0 else {
        throw FormatError(.unwritable, output, "its folder cannot be written: \(systemError())")
      }
      return
    }
    for source in sources {
      var other = stat()
      if stat(source, &other) == 0, other.st_dev == status.st_dev, other.st_ino == status.st_ino {
        throw FormatError(.sameFile, output, "output and input are the same file")
      }
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FormatError(.unwritable, output, "not a regular file")
    }
    guard replacing else { throw .exists(output) }
  }
}
