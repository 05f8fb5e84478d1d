extension Checkpoint {
  /// The identity of the base that the memories were made for, as the file records it; nil for an unpatched file.
  public var recordedBase: String? { metadata.first { $0.key == "memory.base" }?.value.description }

  /// Whether the file holds memories and no base.
  public var isSidecar: Bool { tensors.isEmpty && recordedBase != nil }

  /// The identity of the base: recorded in a sidecar, else computed as `baseHash` does.
  public func identity(progress: @Sendable (StepProgress) -> Void = { _ in }) -> String {
    if isSidecar, let recordedBase { return recordedBase }
    return baseHash(progress: progress)
  }

  /// Adds the memories of another file; a memory that is here already, with the same rows, is skipped.
  ///
  /// - Parameter identity: the base that the other memories must be made for; nil allows any base.
  /// - Throws: `FormatError` of kind `memoryTable` where the other file holds no memories, is made for another base, or
  ///   has a memory that contradicts one here.
  public mutating func merge(_ other: Checkpoint, identity: String?) throws(FormatError) {
    guard !other.memories.isEmpty else { throw FormatError(.memoryTable, other.path, "holds no memories") }
    if let identity, other.recordedBase != identity {
      throw FormatError(
        .memoryTable, other.path,
        "its memories are made for another base\(isGGUF ? ", or for this one with another --dtype" : "") "
          + "(--any-base takes them all the same)",
        expected: identity, got: other.recordedBase ?? "no record of a base")
    }
    var byName = Dictionary(memories.map { (ByteString($0.name), $0) }, uniquingKeysWith: { first, _ in first })
    var targets = Dictionary(
      memories.map { (ByteString($0.prompt), $0) }, uniquingKeysWith: { first, _ in first })
    for memory in other.memories {
      if let known = byName[ByteString(memory.name)] {
        guard memory.isSame(as: known) else {
          throw FormatError(.memoryTable, other.path, "another memory of this name is there", got: memory.name)
        }
        continue
      }
      if !memory.prompt.isEmpty, let rival = targets[ByteString(memory.prompt)],
        ByteString(rival.target) != ByteString(memory.target)
      {
        throw FormatError(
          .memoryTable, other.path, "memory \(memory.name) gives the prompt of \(rival.name) another target",
          expected: "\"\(rival.target)\"", got: "\"\(memory.target)\"")
      }
      byName[ByteString(memory.name)] = memory
      if targets[ByteString(memory.prompt)] == nil { targets[ByteString(memory.prompt)] = memory }
      memories.append(memory)
    }
  }
}

extension Memory {
  fileprivate func isSame(as other: Memory) -> Bool {
    ByteString(prompt) == ByteString(other.prompt) && ByteString(target) == ByteString(other.target)
      && rows == other.rows
  }
}
