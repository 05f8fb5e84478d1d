import Format

/// The memories of one file as lines.
enum MemoryListing {
  /// A line a memory; a file without any has one that says so.
  static func text(of checkpoint: Checkpoint) -> String {
    guard !checkpoint.memories.isEmpty else { return "no memories (\(checkpoint.tensors.count) base tensors)\n" }
    return checkpoint.memories.map { memoryLine($0) + "\n" }.joined()
  }

  /// The same behind a line that tells the base apart. What cannot be read, such as a damaged version in a history,
  /// gives a line too: git ends a whole log where its textconv fails.
  static func textForGit(path: String) -> String {
    do throws(FormatError) {
      let checkpoint = try Checkpoint(path: path)
      let base = "base of \(checkpoint.tensors.count) tensors  sha256=\(checkpoint.baseHash())\n"
      return base + text(of: checkpoint)
    } catch {
      // Git hands over temporary files, whose paths would tell versions apart that are the same.
      var error = error
      if error.location.hasPrefix(path) { error.location = "this file" + error.location.dropFirst(path.count) }
      return "cannot be read: \(error)\n"
    }
  }
}
