import Format
import Foundation

/// The lines of an input, as they come.
public final class InputLines {
  /// What a read gives: some bytes, nothing yet, or the end.
  public enum Chunk { case bytes([UInt8]), nothing, end }

  /// A line, or that there is none yet or none any more.
  package enum Next { case line(TextLine), nothing, end }

  private let read: (_ waits: Bool) throws(FormatError) -> Chunk
  /// What was read and not given out.
  private var buffer: [UInt8] = []
  /// The number of bytes of `buffer` that have been searched for the end of a line.
  private var searched = 0
  private var number = 0
  private var isCut = false
  private var isAtEnd = false

  /// The bytes that are kept of a line: more than any model has positions for, and little enough to hold.
  static let lineLimit = 1 << 24
  private static let chunkSize = 1 << 16

  /// - Parameter read: the next bytes; waits until there are any, or gives `nothing` where it would have to.
  public init(read: @escaping (_ waits: Bool) throws(FormatError) -> Chunk) { self.read = read }

  /// The next line without its line break.
  ///
  /// - Parameter waits: false for a line only if it is there already; then it reads once at most, so that an endless line
  ///   keeps no one.
  /// - Throws: `FormatError` of kind `unreadable`.
  package func next(waits: Bool) throws(FormatError) -> Next {
    while true {
      if let line = takeLine() { return .line(line) }
      if isAtEnd {
        guard !buffer.isEmpty else { return .end }
        defer { drop(buffer.count) }
        return .line(line(buffer.count))
      }
      switch try read(waits) {
      case .bytes(let bytes): buffer += number == 0 && buffer.isEmpty ? TextLine.withoutMark(bytes[...]) : bytes[...]
      case .nothing: return .nothing
      case .end: isAtEnd = true
      }
      if !waits, !isAtEnd { return takeLine().map(Next.line) ?? .nothing }
    }
  }

  private func takeLine() -> TextLine? {
    guard let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) else {
      if buffer.count > Self.lineLimit {
        isCut = true
        buffer.removeSubrange(Self.lineLimit...)
      }
      searched = buffer.count
      return nil
    }
    defer { drop(end + 1) }
    return line(end)
  }

  private func drop(_ count: Int) {
    buffer.removeFirst(count)
    searched = 0
  }

  /// The line of the first `count` bytes.
  private func line(_ count: Int) -> TextLine {
    number += 1
    defer { isCut = false }
    return TextLine(
      number: number, bytes: ArraySlice(Array(buffer.prefix(min(count, Self.lineLimit)))),
      isCut: isCut || count > Self.lineLimit)
  }
}

extension InputLines {
  /// The lines of an open file, pipe or terminal.
  ///
  /// - Parameter name: for errors.
  convenience init(descriptor: Int32, name: String) {
    self.init { waits throws(FormatError) in
      var bytes = [UInt8](repeating: 0, count: Self.chunkSize)
      while true {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let ready = Foundation.poll(&poll, 1, waits ? -1 : 0)
        if ready == 0 { return .nothing }
        let count = ready < 0 ? -1 : Foundation.read(descriptor, &bytes, bytes.count)
        if count >= 0 { return count == 0 ? .end : .bytes(Array(bytes[..<count])) }
        guard errno == EINTR || errno == EAGAIN else { throw FormatError(.unreadable, name, systemError()) }
        if !waits { return .nothing }
      }
    }
  }
}
