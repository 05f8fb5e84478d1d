import Foundation

/// Memories in a file of their own, without the base that they belong to.
extension Checkpoint {
  /// The identity of the base that the file says its memories were made for; nil for a file that was never patched.
  public var recordedBase: String? { metadata.first { $0.key == "memory.base" }?.value.description }

  /// Whether it holds memories and no base.
  public var isSidecar: Bool { tensors.isEmpty && recordedBase != nil }

  /// The identity of the base: computed where the base is here, recorded where it is not.
  public func identity(
    progress: @Sendable (StepProgress) -> Void = { _ in }
  ) throws(FormatError) -> String {
    if isSidecar, let recordedBase { return recordedBase }
    return try baseHash(progress: progress)
  }

  /// Adds the memories of another file; one that is there already, the same in all, is passed over.
  ///
  /// - Parameter identity: of the base that the other's memories must be made for; nil takes those for any base.
  /// - Throws: `FormatError` of kind `memoryTable` where the other file holds none, is made for another base, or has a
  ///   memory that contradicts one that is here.
  public mutating func merge(_ other: Checkpoint, identity: String?) throws(FormatError) {
    guard !other.memories.isEmpty else { throw FormatError(.memoryTable, other.path, "holds no memories") }
    if let identity, other.recordedBase != identity {
      throw FormatError(
        .memoryTable, other.path, "its memories are made for another base (--any-base takes them all the same)",
        expected: identity, got: other.recordedBase ?? "no record of a base")
    }
    var byName = Dictionary(memories.map { (ByteString($0.name), $0) }, uniquingKeysWith: { first, _ in first })
    for memory in other.memories {
      if let known = byName[ByteString(memory.name)] {
        guard memory.isSame(as: known) else {
          throw FormatError(.memoryTable, other.path, "another memory of this name is there", got: memory.name)
        }
        continue
      }
      if !memory.prompt.isEmpty, let rival = memories.first(where: { $0.contradicts(memory) }) {
        throw FormatError(
          .memoryTable, other.path, "memory \(memory.name) gives the prompt of \(rival.name) another target",
          expected: "\"\(rival.target)\"", got: "\"\(memory.target)\"")
      }
      byName[ByteString(memory.name)] = memory
      memories.append(memory)
    }
  }
}

extension Memory {
  fileprivate func isSame(as other: Memory) -> Bool {
    ByteString(prompt) == ByteString(other.prompt) && ByteString(target) == ByteString(other.target)
      && rows == other.rows
  }

  fileprivate func contradicts(_ other: Memory) -> Bool {
    ByteString(prompt) == ByteString(other.prompt) && ByteString(target) != ByteString(other.target)
  }
}
