import Foundation

/// The base's tensors on their way into an output that is not known yet, beside other work.
///
/// Where the data of a file begin depends on its header; but headers are padded, so that it can be foreseen. Where that
/// turns out wrong, or the copy fails, the file is written as if there had been none.
package final class EarlyCopy: Sendable {
  /// Of the copying thread until it signals, afterwards of the one that has waited.
  private nonisolated(unsafe) var file: PendingFile?
  private let done = DispatchSemaphore(value: 0)
  private let start: Int
  private let count: Int

  /// Room for the names and shapes of tables at eight modules.
  private static let headerRoom = 8 << 10

  /// - Returns: nil where the tensors do not lie one behind the other in a file.
  init?(
    _ tensors: [Tensor], beside added: [Tensor], metadata: [ByteString: ByteString], output: String
  ) {
    let adjacent = SafetensorsFile.adjacentTensors(tensors[...])
    guard let source = tensors.first?.source, adjacent.count == tensors.count,
      let header = try? HeaderWriter.bytes(
        tensors + added + [Tensor(name: "room", bytes: [])], metadata: metadata, room: Self.headerRoom,
        behind: source.offset, location: output)
    else { return nil }
    (start, count) = (header.count, tensors.reduce(0) { $0 + $1.byteCount })
    let thread = Thread { [self] in
      beNice()
      file = Self.copied(source, count, to: output, at: start)
      done.signal()
    }
    thread.stackSize = 1 << 20
    thread.start()
  }

  /// A function of its own, so that no variable of the thread keeps the file when others take it.
  private static func copied(
    _ source: (file: MappedFile, offset: Int), _ count: Int, to output: String, at start: Int
  ) -> PendingFile? {
    guard let file = try? PendingFile(at: output), (try? file.resize(to: start + count)) != nil else { return nil }
    var copy = FileCopy(from: source.file.descriptor, to: file.descriptor)
    guard (try? copy.copy(count, from: source.offset, to: start, progress: { _ in })) != nil else { return nil }
    file.synchronize()
    return file
  }

  /// The file, once the tensors stand in it; nil where they do not, or not behind a header of that length.
  func take(behind header: Int, count: Int) -> PendingFile? {
    done.wait()
    defer { done.signal() }
    defer { file = nil }
    return header == start && count == self.count ? file : nil
  }

  /// Waits until nothing is written any more, and removes what was not taken.
  package func end() { _ = take(behind: -1, count: 0) }
}

/// Leaves the processors to other threads; not at the lowest priority, which would never come to its turn on a busy
/// machine.
func beNice() {
  #if os(Linux)
    // There it is of this thread alone.
    setpriority(Int32(PRIO_PROCESS.rawValue), 0, 5)
  #endif
}
