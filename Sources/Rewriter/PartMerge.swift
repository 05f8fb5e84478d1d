import Format

/// The memories of the parts of a compile, in the order of its spec.
struct PartMerge {
  let compiled: [CompiledMemory]
  /// The memories that no part has, because they could not be compiled.
  let failures: [MemoryPart.Failure]
  /// The dtype that the compile was asked to round to; nil where it was asked for none.
  let table: Dtype?

  /// - Parameters:
  ///   - identity: the base's.
  ///   - isComplete: whether all parts have to be there.
  /// - Throws: `FormatError` of kind `memoryTable`.
  init(_ files: [Checkpoint], identity: String, isComplete: Bool) throws(FormatError) {
    var (memories, failures): ([(index: Int, memory: CompiledMemory)], [MemoryPart.Failure]) = ([], [])
    var shards: [Int: String] = [:]
    var first: MemoryPart?
    for file in files {
      guard let part = try file.part() else {
        throw FormatError(
          .memoryTable, file.path, "holds memories that are no part of a compile: merge them by themselves",
          expected: first?.title ?? "a part")
      }
      let known = first ?? part
      first = known
      guard part.compile == known.compile, part.shards == known.shards, part.count == known.count else {
        throw FormatError(
          .memoryTable, file.path, "a part of another compile (another base, spec, or setting)",
          expected: known.title, got: part.title)
      }
      if let other = shards.updateValue(file.path, forKey: part.shard) {
        throw FormatError(.memoryTable, file.path, "part \(part.shard) is there twice", got: "\(other) before")
      }
      guard file.recordedBase == identity else {
        throw FormatError(
          .memoryTable, file.path, "its memories are made for another base", expected: identity,
          got: file.recordedBase ?? "no record of a base")
      }
      for (index, memory) in zip(part.indices, file.memories) {
        memories.append((index, try CompiledMemory(memory, location: file.path)))
      }
      failures += part.failed
    }
    try Self.check(memories.map(\.index), failures, shards, of: first, isComplete: isComplete)
    table = first?.table
    compiled = memories.sorted { $0.index < $1.index }.map(\.memory)
    var told: Set<Int> = []
    // What no machine could compile, several may tell.
    self.failures = failures.filter { told.insert($0.index).inserted }
  }

  private static func check(
    _ indices: [Int], _ failures: [MemoryPart.Failure], _ shards: [Int: String], of part: MemoryPart?,
    isComplete: Bool
  ) throws(FormatError) {
    guard let part, let location = shards.values.min() else { return }
    let missing = (1...part.shards).filter { shards[$0] == nil }
    guard missing.isEmpty || !isComplete else {
      throw FormatError(
        .memoryTable, location, "\(missing.count == 1 ? "a part is" : "parts are") missing (--keep-going goes without)",
        expected: "parts 1 to \(part.shards)", got: "none of number \(missing.map(String.init).listed(limit: 20))")
    }
    let all = Set(indices).union(failures.map(\.index))
    guard Set(indices).count == indices.count, all.count == part.count || !missing.isEmpty else {
      throw FormatError(
        .memoryTable, location, "the parts do not have each memory of the spec once", expected: "\(part.count)",
        got: "\(indices.count)")
    }
  }
}
