import Foundation

/// A file mapped read-only into memory for as long as the object lives.
public final class MappedFile: Sendable {
  public let path: String
  public let count: Int
  private let address: UInt

  /// Maps the regular file at `path`.
  ///
  /// - Throws: `FormatError` of kind `missing` or `unreadable`.
  public init(path: String) throws(FormatError) {
    self.path = path
    // A named pipe would block until somebody writes to it; it is refused below.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      let kind: FormatError.Kind = errno == ENOENT || errno == ENOTDIR ? .missing : .unreadable
      throw FormatError(kind, path, kind == .missing ? "no such file" : systemError())
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FormatError(.unreadable, path, systemError()) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FormatError(.unreadable, path, "not a regular file")
    }
    count = Int(status.st_size)
    guard count > 0 else {
      address = 0
      return
    }
    guard let base = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0), base != MAP_FAILED else {
      throw FormatError(.unreadable, path, "cannot be mapped: \(systemError())")
    }
    address = UInt(bitPattern: base)
  }

  deinit {
    if address != 0 { munmap(UnsafeMutableRawPointer(bitPattern: address), count) }
  }

  /// The file's bytes; whoever keeps the address beyond the next line keeps the object too.
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

/// The text of the current `errno`.
package func systemError() -> String { String(cString: strerror(errno)) }
