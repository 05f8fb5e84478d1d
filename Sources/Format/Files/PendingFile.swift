import Foundation
import SystemCalls

/// A file in the making: written under another name in its folder, it takes its place whole or not at all.
///
/// The temporary file goes away with the object, on an interrupt, and, where the process was killed, with the next file
/// that is written to the same place.
final class PendingFile {
  let output: String
  private let temporary: String
  let descriptor: Int32
  private(set) var count = 0
  private let removal: Int32
  private var isCommitted = false

  /// - Throws: `FormatError` of kind `unwritable`.
  init(at output: String) throws(FormatError) {
    self.output = output
    let folder = Self.folder(of: output)
    let stem = ".\((output as NSString).lastPathComponent.prefix(60))."
    Self.removeAbandoned(stem, in: folder)
    system_ignore_size_signal()
    var created: (path: String, descriptor: Int32, removal: Int32)?
    for attempt in 0..<16 where created == nil {
      let name = stem + "\(getpid())" + (attempt == 0 ? "" : "-\(attempt)") + ".tmp"
      let path = (folder as NSString).appendingPathComponent(name)
      let removal = system_remove_on_signal(path)
      let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if descriptor < 0 {
        let code = errno
        system_give_up(removal)
        errno = code
        guard errno == EEXIST else { break }
        continue
      }
      // Held while the file is in the making: whoever can take the lock has an abandoned one before him.
      _ = flock(descriptor, LOCK_EX | LOCK_NB)
      created = (path, descriptor, removal)
    }
    guard let created else { throw FormatError(.unwritable, output, systemError()) }
    (temporary, descriptor, removal) = created
  }

  deinit {
    close(descriptor)
    if !isCommitted { unlink(temporary) }
    system_give_up(removal)
  }

  /// Makes the file as long as it will be; what is not written reads as zeros.
  func resize(to size: Int) throws(FormatError) {
    guard ftruncate(descriptor, off_t(size)) == 0 else { throw FormatError(.unwritable, output, systemError()) }
  }

  /// Writes behind what was written or passed over so far.
  func append(_ bytes: UnsafeRawBufferPointer) throws(FormatError) {
    var rest = bytes
    while let base = rest.baseAddress, !rest.isEmpty {
      let written = pwrite(descriptor, base, rest.count, off_t(count))
      if written < 0 {
        if errno == EINTR { continue }
        throw FormatError(.unwritable, output, systemError())
      }
      count += written
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
  }

  /// Counts bytes that were brought there in another way.
  func pass(over bytes: Int) { count += bytes }

  /// Maps the file as it is now; its path and errors name the output.
  func mapped() throws(FormatError) -> MappedFile { try MappedFile(opening: temporary, named: output) }

  /// Renames the file, which is synced, to the output's name.
  ///
  /// - Throws: `FormatError` of kind `exists` where something is there that is not to be replaced, else `unwritable`.
  func commit(replacing: Bool = true) throws(FormatError) {
    guard !isCommitted else { throw FormatError(.unwritable, output, "is written already") }
    guard replacing || access(output, F_OK) != 0 else { throw .exists(output) }
    guard rename(temporary, output) == 0 else { throw FormatError(.unwritable, output, systemError()) }
    isCommitted = true
    let folder = open(Self.folder(of: output), O_RDONLY | O_CLOEXEC)
    guard folder >= 0 else { return }
    defer { close(folder) }
    // Some file systems have no such call for folders; the file is in its place all the same.
    fsync(folder)
  }

  /// Waits until the bytes are on the disk.
  func synchronize() throws(FormatError) {
    #if canImport(Darwin)
      if fcntl(descriptor, F_FULLFSYNC) == 0 { return }
    #endif
    guard fsync(descriptor) == 0 else { throw FormatError(.unwritable, output, systemError()) }
  }

  private static func folder(of path: String) -> String {
    let folder = (path as NSString).deletingLastPathComponent
    return folder.isEmpty ? "." : folder
  }

  /// Removes what killed processes left of the same file.
  private static func removeAbandoned(_ stem: String, in folder: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in names where name.hasPrefix(stem) && name.hasSuffix(".tmp") {
      let path = (folder as NSString).appendingPathComponent(name)
      guard name.dropFirst(stem.count).dropLast(4).allSatisfy({ $0.isNumber || $0 == "-" }) else { continue }
      let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
      guard descriptor >= 0 else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(path) }
      close(descriptor)
    }
  }
}

/// Writes a whole file, which appears at once or not at all and replaces what is there.
///
/// - Throws: `FormatError` of kind `unwritable`.
package func writeFile(_ bytes: [UInt8], to output: String) throws(FormatError) {
  let file = try PendingFile(at: output)
  do {
    try bytes.withUnsafeBytes { try file.append($0) }
  } catch let error as FormatError {
    throw error
  } catch {
    throw FormatError(.unwritable, output, "\(error)")
  }
  try file.synchronize()
  try file.commit()
}

extension FormatError {
  /// The error for an output that is there and not to be replaced.
  static func exists(_ output: String) -> FormatError {
    FormatError(.exists, output, "exists already (--force replaces it)")
  }
}
