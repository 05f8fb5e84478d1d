/// What tells the memories and the base tensors of two checkpoints apart.
public struct TableDiff: Sendable {
  /// Base tensors that are not the same, sorted by name.
  public var base: [TensorChange] = []
  /// Whether memories in a file of their own were made for another base than the other checkpoint's.
  public var isForAnotherBase = false
  /// In the new checkpoint's order.
  public var added: [Memory] = []
  /// In the old checkpoint's order, as are the next two.
  public var removed: [Memory] = []
  /// The same rows under another name.
  public var renamed: [MemoryChange] = []
  /// The same name with other rows, another prompt or another target.
  public var changed: [MemoryChange] = []
  public var unchanged = 0

  public var hasSameBase: Bool { base.isEmpty && !isForAnotherBase }
  public var isEmpty: Bool {
    hasSameBase && added.isEmpty && removed.isEmpty && renamed.isEmpty && changed.isEmpty
  }

  /// Compares `old` with `new`; memories belong together by name, byte by byte, and those left over by their rows.
  ///
  /// Neither needs a configuration or a tokenizer, and either may be a base without memories. All base bytes are read.
  /// - Throws: `FormatError` where a file cannot be read.
  public init(_ old: Checkpoint, _ new: Checkpoint) throws(FormatError) {
    self.init(old: old.memories, new: new.memories)
    if old.isSidecar || new.isSidecar {
      isForAnotherBase = try old.identity() != new.identity()
    } else {
      base = try old.baseChanges(to: new)
    }
  }

  init(old: [Memory], new: [Memory]) {
    let oldNames = Set(old.map { ByteString($0.name) })
    let newByName = Dictionary(new.map { (ByteString($0.name), $0) }, uniquingKeysWith: { first, _ in first })
    added = new.filter { !oldNames.contains(ByteString($0.name)) }
    for memory in old {
      guard let other = newByName[ByteString(memory.name)] else {
        removed.append(memory)
        continue
      }
      let change = MemoryChange(old: memory, new: other)
      if change.isNone {
        unchanged += 1
      } else {
        changed.append(change)
      }
    }
    pairRenamed()
  }

  /// Takes memories that went and came with the same rows out of both lists, equal ones in their order.
  private mutating func pairRenamed() {
    var free: [[RowContent]: ArraySlice<Int>] = [:]
    for (i, memory) in added.enumerated() where !memory.rows.isEmpty {
      free[memory.rows.map(RowContent.init), default: []].append(i)
    }
    var taken: Set<Int> = []
    var gone: [Memory] = []
    for memory in removed {
      guard let i = free[memory.rows.map(RowContent.init)]?.popFirst() else {
        gone.append(memory)
        continue
      }
      taken.insert(i)
      renamed.append(MemoryChange(old: memory, new: added[i]))
    }
    removed = gone
    added = added.indices.filter { !taken.contains($0) }.map { added[$0] }
  }

  /// What the tables hold of a row, without what the manifest tells about it.
  private struct RowContent: Hashable {
    var module: ByteString
    var key: [Float]
    var delta: [Float]
    var bounds: [Float]

    init(_ row: MemoryRow) {
      module = row.module
      key = row.key
      delta = row.delta
      bounds = [row.boundary, row.hardness]
    }
  }
}
