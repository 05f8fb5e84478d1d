import Format

/// The memories of one file, one per line.
enum MemoryListing {
  /// A line per memory, or one that says that there are none.
  static func text(of checkpoint: Checkpoint) -> String {
    guard !checkpoint.memories.isEmpty else { return "no memories (\(checkpoint.tensors.count) base tensors)\n" }
    return checkpoint.memories.map { memoryLine($0) + "\n" }.joined()
  }

  /// A line that identifies the base, then those of the memories. A file that cannot be read, such as a damaged version
  /// in a history, gives a line too: git ends a whole log where its textconv fails.
  static func textForGit(path: String) -> String {
    do throws(FormatError) {
      let checkpoint = try Checkpoint(path: path)
      let base = "base of \(checkpoint.tensors.count) tensors  sha256=\(checkpoint.baseHash())\n"
      return base + text(of: checkpoint)
    } catch {
      // Git hands over temporary files, whose paths would make equal versions differ.
      var error = error
      if error.location.hasPrefix(path) { error.location = "this file" + error.location.dropFirst(path.count) }
      return "cannot be read: \(error)\n"
    }
  }
}
