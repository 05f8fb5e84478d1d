import Foundation

/// A file mapped read-only into memory for as long as the object lives.
public final class MappedFile: Sendable {
  /// The path that errors name.
  public let path: String
  /// The file's size in bytes when it was mapped.
  public let count: Int
  private let address: UInt
  /// Open for as long as the object lives, so that what is copied is what is mapped.
  let descriptor: Int32
  private let modified: (seconds: Int, nanoseconds: Int)

  /// Maps the regular file at `path`.
  ///
  /// - Throws: `FormatError` of kind `missing` or `unreadable`.
  public convenience init(path: String) throws(FormatError) { try self.init(opening: path, named: path) }

  /// Maps `file` under the name that it will have: `path` and errors say `path`.
  init(opening file: String, named path: String) throws(FormatError) {
    self.path = path
    // A named pipe would block until somebody writes to it; it is refused below.
    descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      let kind: FormatError.Kind = errno == ENOENT || errno == ENOTDIR ? .missing : .unreadable
      throw FormatError(kind, path, kind == .missing ? "no such file" : systemError())
    }
    do throws(FormatError) {
      var status = stat()
      guard fstat(descriptor, &status) == 0 else { throw FormatError(.unreadable, path, systemError()) }
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw FormatError(.unreadable, path, "not a regular file")
      }
      count = Int(status.st_size)
      modified = Self.modified(status)
      guard count > 0 else {
        address = 0
        return
      }
      guard let base = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0), base != MAP_FAILED else {
        throw FormatError(.unreadable, path, "cannot be mapped: \(systemError())")
      }
      address = UInt(bitPattern: base)
    } catch {
      // No deinit runs for an object that was not made.
      close(descriptor)
      throw error
    }
  }

  deinit {
    if address != 0 { munmap(UnsafeMutableRawPointer(bitPattern: address), count) }
    close(descriptor)
  }

  /// Whether the file still has the size and the modification time that it had when it was mapped.
  var isUnchanged: Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && Int(status.st_size) == count && Self.modified(status) == modified
  }

  private static func modified(_ status: stat) -> (seconds: Int, nanoseconds: Int) {
    #if canImport(Darwin)
      (Int(status.st_mtimespec.tv_sec), Int(status.st_mtimespec.tv_nsec))
    #else
      (Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec))
    #endif
  }

  /// Drops pages that are not needed soon, so that reading a large file takes little memory.
  func release(_ range: Range<Int>) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let (first, last) = ((range.lowerBound + page - 1) / page * page, range.upperBound / page * page)
    if address != 0, first < last {
      madvise(UnsafeMutableRawPointer(bitPattern: address + UInt(first)), last - first, MADV_DONTNEED)
    }
  }

  /// The file's bytes; a caller that keeps the address beyond the next line keeps the object too.
  var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: address), count: count)
  }

  /// Calls `body` with the file's bytes, which stay mapped until it returns.
  public func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try body(bytes)
  }

  /// A copy of the file's bytes.
  public var contents: [UInt8] { withBytes { Array($0) } }
}
