import Foundation
import SystemCalls

/// A folder of files that is written under a temporary name and then renamed: it appears whole or not at all.
///
/// A temporary folder that a killed process left is removed when the same output is written the next time.
package struct PendingFolder {
  /// The path that `write` gives the folder, as errors name it.
  private let output: String
  /// The same without a slash at its end, which would follow a link.
  private let place: String
  private let parent: String
  private let stem: String
  private let mayReplace: ((String) -> Bool)?

  /// - Parameters:
  ///   - output: the folder's path.
  ///   - mayReplace: nil where a folder that is there is refused, else whether a file of some name may go: the folder is
  ///     replaced where all may.
  package init(at output: String, mayReplace: ((String) -> Bool)?) {
    let path = SplitPath(output)
    (self.output, self.mayReplace) = (output, mayReplace)
    parent = path.folder.isEmpty ? "." : path.folder
    place = path.folder.isEmpty ? path.name : path.folder == "/" ? "/\(path.name)" : "\(path.folder)/\(path.name)"
    stem = ".\(path.name.prefix(60))."
  }

  /// Checks, before any work is done, that the folder can be written.
  ///
  /// - Throws: `FormatError` of kind `exists` or `unwritable`.
  package func check() throws(FormatError) {
    var status = stat()
    guard lstat(place, &status) == 0 else {
      guard access(parent, W_OK | X_OK) == 0 else {
        throw FormatError(.unwritable, output, "the folder around it cannot be written: \(systemError())")
      }
      return
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw FormatError(.unwritable, output, "not a folder") }
    guard let mayReplace else { throw .exists(output) }
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: place) else {
      throw FormatError(.unwritable, output, "cannot be read: \(systemError())")
    }
    if let other = names.sorted().first(where: { !mayReplace($0) }) {
      throw FormatError(.unwritable, output, "is not replaced: it holds \"\(other.printable(limit: 60))\"")
    }
  }

  /// Writes the folder.
  ///
  /// - Parameter files: by name, none with the name of another.
  /// - Throws: `FormatError` of kind `exists` or `unwritable`.
  package func write(_ files: [(name: String, text: String)]) throws(FormatError) {
    try check()
    removeAbandoned()
    let temporary = "\(parent)/\(stem)\(getpid()).tmp"
    guard mkdir(temporary, 0o777) == 0 else { throw FormatError(.unwritable, output, systemError()) }
    // Held until the end: a temporary folder without a lock is abandoned.
    let descriptor = open(temporary, O_RDONLY | O_CLOEXEC)
    _ = flock(descriptor, LOCK_EX | LOCK_NB)
    defer {
      try? FileManager.default.removeItem(atPath: temporary)
      close(descriptor)
    }
    for file in files {
      do { try writeFile(Array(file.text.utf8), to: "\(temporary)/\(file.name)") } catch {
        throw FormatError(.unwritable, "\(output)/\(file.name)", error.problem)
      }
    }
    guard rename(temporary, place) != 0 else { return }
    // A folder that holds files is not replaced by renaming another.
    guard errno == ENOTEMPTY || errno == EEXIST else { throw FormatError(.unwritable, output, systemError()) }
    try check()
    try exchange(temporary)
  }

  /// Gives the temporary folder the output's name, and the old one the temporary name.
  private func exchange(_ temporary: String) throws(FormatError) {
    if system_exchange(temporary, place) == 0 { return }
    // Not every file system exchanges two names at once.
    let aside = "\(parent)/\(stem)\(getpid())-1.tmp"
    guard rename(place, aside) == 0 else { throw FormatError(.unwritable, output, systemError()) }
    guard rename(temporary, place) == 0 else {
      let problem = systemError()
      rename(aside, place)
      throw FormatError(.unwritable, output, problem)
    }
    try? FileManager.default.removeItem(atPath: aside)
  }

  private func removeAbandoned() {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
    for name in names where name.hasPrefix(stem) && name.hasSuffix(".tmp") {
      guard name.dropFirst(stem.count).dropLast(4).allSatisfy({ $0.isNumber || $0 == "-" }) else { continue }
      let descriptor = open("\(parent)/\(name)", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      guard descriptor >= 0 else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { try? FileManager.default.removeItem(atPath: "\(parent)/\(name)") }
      close(descriptor)
    }
  }
}
