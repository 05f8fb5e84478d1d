import Foundation
import SystemCalls

/// A folder that is filled under a temporary name beside its place and then renamed: it appears whole or not at all.
///
/// The temporary folder is removed with the object and on an interrupt; one that a killed process left is removed when the
/// same output is written the next time.
package final class PendingFolder {
  /// The path that `commit` gives the folder.
  package let output: String
  private let temporary: String
  /// Open and locked for as long as the object lives: a temporary folder without a lock is abandoned.
  private let descriptor: Int32
  private var removalSlots: [Int32]

  /// Creates the temporary folder.
  ///
  /// - Throws: `FormatError` of kind `unwritable`.
  package init(at output: String) throws(FormatError) {
    self.output = output
    let (folder, stem) = (PendingFile.folder(of: output), PendingFile.stem(of: output))
    PendingFile.removeAbandoned(stem, in: folder)
    var created: (path: String, descriptor: Int32)?
    for attempt in 0..<16 where created == nil {
      let path = (folder as NSString).appendingPathComponent(stem + "\(getpid())-\(attempt).tmp")
      guard mkdir(path, 0o777) == 0 else {
        if errno == EEXIST { continue }
        break
      }
      let descriptor = open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { break }
      while flock(descriptor, LOCK_EX) != 0 && errno == EINTR {}
      // Before it was locked, another may have removed it as abandoned.
      guard PendingFile.hasName(descriptor) else {
        close(descriptor)
        continue
      }
      created = (path, descriptor)
    }
    guard let created else { throw FormatError(.unwritable, output, systemError()) }
    (temporary, descriptor) = created
    removalSlots = [system_remove_on_signal(temporary)]
  }

  deinit {
    try? FileManager.default.removeItem(atPath: temporary)
    close(descriptor)
    removalSlots.forEach(system_keep_on_signal)
  }

  /// The path under which a file of the folder is to be written.
  package func path(of name: String) -> String {
    let path = (temporary as NSString).appendingPathComponent(name)
    removalSlots.append(system_remove_on_signal(path))
    return path
  }

  /// Gives the folder its name; what was there goes away.
  ///
  /// - Parameter replacing: whether there may be a folder.
  /// - Throws: `FormatError` of kind `exists` where there is something that is not to be replaced, else `unwritable`.
  package func commit(replacing: Bool) throws(FormatError) {
    fsync(descriptor)
    let isThere = access(output, F_OK) == 0
    guard replacing || !isThere else { throw .exists(output) }
    let isDone =
      isThere ? system_exchange(temporary, output) || replaceInSteps() : rename(temporary, output) == 0
    guard isDone else { throw FormatError(.unwritable, output, systemError()) }
    let parent = open(PendingFile.folder(of: output), O_RDONLY | O_CLOEXEC)
    guard parent >= 0 else { return }
    // Some file systems cannot sync a folder; it is renamed all the same.
    fsync(parent)
    close(parent)
  }

  /// Replaces the folder where the file system cannot exchange two names: for a moment there is none.
  private func replaceInSteps() -> Bool {
    let old = temporary + ".old"
    guard rename(output, old) == 0 else { return false }
    guard rename(temporary, output) == 0 else {
      let code = errno
      rename(old, output)
      errno = code
      return false
    }
    try? FileManager.default.removeItem(atPath: old)
    return true
  }
}
