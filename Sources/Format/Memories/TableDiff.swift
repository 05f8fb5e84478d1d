/// The differences between the memories and the base tensors of two checkpoints.
public struct TableDiff: Sendable {
  /// The base tensors that differ, sorted by name.
  public var base: [TensorChange] = []
  /// Whether a sidecar's memories were made for another base than the other checkpoint's.
  public var isForAnotherBase = false
  /// The memories of the new checkpoint alone, in its order.
  public var added: [Memory] = []
  /// The memories of the old checkpoint alone, in its order.
  public var removed: [Memory] = []
  /// The memories with the same rows under another name, in the old checkpoint's order.
  public var renamed: [MemoryChange] = []
  /// The memories with other rows, another prompt or another target, in the old checkpoint's order.
  public var changed: [MemoryChange] = []
  /// The number of memories that are the same in both.
  public var unchanged = 0

  public var hasSameBase: Bool { base.isEmpty && !isForAnotherBase }
  public var isEmpty: Bool {
    hasSameBase && added.isEmpty && removed.isEmpty && renamed.isEmpty && changed.isEmpty
  }

  /// Compares memories alone.
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

  /// Moves removed and added memories with the same rows to `renamed`, equal ones in their order.
  private mutating func pairRenamed() {
    var unpaired: [[RowContent]: ArraySlice<Int>] = [:]
    for (i, memory) in added.enumerated() where !memory.rows.isEmpty {
      unpaired[memory.rows.map(RowContent.init), default: []].append(i)
    }
    var paired: Set<Int> = []
    var removedForGood: [Memory] = []
    for memory in removed {
      guard let i = unpaired[memory.rows.map(RowContent.init)]?.popFirst() else {
        removedForGood.append(memory)
        continue
      }
      paired.insert(i)
      renamed.append(MemoryChange(old: memory, new: added[i]))
    }
    removed = removedForGood
    added = added.indices.filter { !paired.contains($0) }.map { added[$0] }
  }

  /// The part of a row that the tables hold, without the manifest's.
  private struct RowContent: Hashable {
    var module: ByteString
    var key: TableVector
    var delta: TableVector
    var bounds: [Float]
    var cues: [MemoryCue]

    init(_ row: MemoryRow) {
      module = row.module
      key = row.storedKey
      delta = row.storedDelta
      bounds = [row.boundary, row.hardness]
      cues = row.cues
    }
  }
}
