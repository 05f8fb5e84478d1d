import Dispatch
import Foundation
import Synchronization
import SystemCalls

/// A file that is written under a temporary name in its folder and then renamed: it appears whole or not at all.
///
/// The temporary file is removed with the object and on an interrupt; one that a killed process left is removed when the
/// same output is written the next time.
final class PendingFile {
  /// The path that `commit` gives the file.
  let output: String
  private let temporary: String
  let descriptor: Int32
  /// The bytes that are written or skipped so far.
  private(set) var count = 0
  private let removalSlot: Int32
  private var isCommitted = false
  private var diskWrite: DiskWrite?

  /// Creates the temporary file.
  ///
  /// - Throws: `FormatError` of kind `unwritable`.
  init(at output: String) throws(FormatError) {
    self.output = output
    let folder = Self.folder(of: output)
    let stem = Self.stem(of: output)
    Self.removeAbandoned(stem, in: folder)
    system_ignore_size_signal()
    var created: (path: String, descriptor: Int32, slot: Int32)?
    for attempt in 0..<16 where created == nil {
      let name = stem + "\(getpid())" + (attempt == 0 ? "" : "-\(attempt)") + ".tmp"
      let path = (folder as NSString).appendingPathComponent(name)
      let slot = system_remove_on_signal(path)
      let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if descriptor < 0 {
        let code = errno
        system_keep_on_signal(slot)
        errno = code
        guard errno == EEXIST else { break }
        continue
      }
      // Held until the file is finished: a temporary file without a lock is abandoned, and may have been removed as such
      // before it was locked.
      while flock(descriptor, LOCK_EX) != 0 && errno == EINTR {}
      guard Self.hasName(descriptor) else {
        close(descriptor)
        system_keep_on_signal(slot)
        continue
      }
      created = (path, descriptor, slot)
    }
    guard let created else { throw FormatError(.unwritable, output, systemError()) }
    (temporary, descriptor, removalSlot) = created
  }

  deinit {
    _ = diskWrite?.result()
    // While it is locked: afterwards the name may be another's.
    if !isCommitted { unlink(temporary) }
    close(descriptor)
    system_keep_on_signal(removalSlot)
  }

  /// Sets the file's length; bytes that are never written read as zeros.
  func resize(to size: Int) throws(FormatError) {
    guard ftruncate(descriptor, off_t(size)) == 0 else { throw FormatError(.unwritable, output, systemError()) }
  }

  /// Writes at the offset `count`.
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

  /// Counts bytes that were written at the offset `count` by other means.
  func skip(_ bytes: Int) { count += bytes }

  /// Begins to bring the bytes to the disk, which `commit` waits for.
  func synchronize() { diskWrite = DiskWrite(of: descriptor) }

  /// Waits until the bytes are on the disk.
  ///
  /// - Throws: `FormatError` of kind `unwritable`.
  func waitForDisk() throws(FormatError) {
    if diskWrite == nil { synchronize() }
    guard let code = diskWrite?.result(), code != 0 else { return }
    errno = code
    throw FormatError(.unwritable, output, systemError())
  }

  /// Maps the file as it is now; its path and errors name the output.
  func mapped() throws(FormatError) -> MappedFile { try MappedFile(opening: temporary, named: output) }

  /// Renames the file to the output's name once its bytes are on the disk.
  ///
  /// - Throws: `FormatError` of kind `exists` where there is a file that is not to be replaced, else `unwritable`.
  func commit(replacing: Bool = true) throws(FormatError) {
    guard !isCommitted else { throw FormatError(.unwritable, output, "is written already") }
    try waitForDisk()
    guard replacing || access(output, F_OK) != 0 else { throw .exists(output) }
    guard rename(temporary, output) == 0 else { throw FormatError(.unwritable, output, systemError()) }
    isCommitted = true
    let folder = open(Self.folder(of: output), O_RDONLY | O_CLOEXEC)
    guard folder >= 0 else { return }
    defer { close(folder) }
    // Some file systems cannot sync a folder; the file is renamed all the same.
    fsync(folder)
  }

  static func folder(of path: String) -> String {
    let folder = SplitPath(path).folder
    return folder.isEmpty ? "." : folder
  }

  /// What the names of an output's temporary files and folders begin with.
  static func stem(of output: String) -> String { ".\(SplitPath(output).name.prefix(60))." }

  /// Removes the temporary files and folders of the same output that killed processes left.
  static func removeAbandoned(_ stem: String, in folder: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in names where name.hasPrefix(stem) && name.hasSuffix(".tmp") {
      let path = (folder as NSString).appendingPathComponent(name)
      guard name.dropFirst(stem.count).dropLast(4).allSatisfy({ $0.isNumber || $0 == "-" }) else { continue }
      let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
      guard descriptor >= 0 else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0, hasName(descriptor) {
        try? FileManager.default.removeItem(atPath: path)
      }
      close(descriptor)
    }
  }

  /// Whether a file or folder is still in a folder.
  static func hasName(_ descriptor: Int32) -> Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && status.st_nlink > 0
  }
}

/// A file's way to the disk beside other work.
private final class DiskWrite: Sendable {
  private let group = DispatchGroup()
  private let code = Mutex<Int32>(0)

  init(of descriptor: Int32) {
    DispatchQueue.global().async(group: group) { [self] in
      #if canImport(Darwin)
        if fcntl(descriptor, F_FULLFSYNC) == 0 { return }
      #endif
      if fsync(descriptor) != 0 {
        let failure = errno
        code.withLock { $0 = failure }
      }
    }
  }

  /// Waits for the end: 0 or the error's number.
  func result() -> Int32 {
    group.wait()
    return code.withLock(\.self)
  }
}

/// Writes a file, which appears whole or not at all and replaces any old one.
///
/// - Throws: `FormatError` of kind `unwritable`.
package func writeFile(_ bytes: [UInt8], to output: String) throws(FormatError) {
  let file = try PendingFile(at: output)
  try bytes.withRawBytes { bytes throws(FormatError) in try file.append(bytes) }
  try file.commit()
}

extension FormatError {
  /// The error for an output that exists and is not to be replaced.
  static func exists(_ output: String) -> FormatError {
    FormatError(.exists, output, "exists already (--force replaces it)")
  }
}
