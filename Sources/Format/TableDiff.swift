/// What tells the memories of two checkpoints apart.
public struct TableDiff: Sendable {
  /// A memory that both have and that is not the same in both.
  public struct Change: Sendable {
    public var old: Memory
    public var new: Memory
  }

  public var hasSameBase: Bool
  /// In the new checkpoint's order.
  public var added: [Memory] = []
  /// In the old checkpoint's order, as is `changed`.
  public var removed: [Memory] = []
  public var changed: [Change] = []
  public var unchanged = 0

  public var isEmpty: Bool { hasSameBase && added.isEmpty && removed.isEmpty && changed.isEmpty }

  /// Compares `old` with `new`; memories belong together by name, byte by byte.
  ///
  /// Neither needs a configuration or a tokenizer, and either may be a base without memories.
  /// - Throws: `FormatError` where a file cannot be read.
  public init(_ old: Checkpoint, _ new: Checkpoint) throws(FormatError) {
    hasSameBase = try old.hasSameBase(as: new)
    compare(old.memories, new.memories)
  }

  init(old: [Memory], new: [Memory]) {
    hasSameBase = true
    compare(old, new)
  }

  private mutating func compare(_ old: [Memory], _ new: [Memory]) {
    let oldNames = Set(old.map { ByteString($0.name) })
    let newByName = Dictionary(
      new.map { (ByteString($0.name), $0) }, uniquingKeysWith: { first, _ in first })
    added = new.filter { !oldNames.contains(ByteString($0.name)) }
    for memory in old {
      guard let other = newByName[ByteString(memory.name)] else {
        removed.append(memory)
        continue
      }
      if memory.acts(like: other) {
        unchanged += 1
      } else {
        changed.append(Change(old: memory, new: other))
      }
    }
  }
}

extension Memory {
  /// Whether prompt, target and every row are the same; what is only told about a memory, its scores, may differ.
  fileprivate func acts(like other: Memory) -> Bool {
    ByteString(prompt) == ByteString(other.prompt) && ByteString(target) == ByteString(other.target)
      && targetIDs == other.targetIDs && rows == other.rows
  }
}

extension TableDiff.Change {
  /// The least cosine between keys of rows paired by order: 1 where all are equal, nil where none can be paired.
  public var keyCosine: Double? {
    guard old.rows.map(\.key) != new.rows.map(\.key) else { return 1 }
    return zip(old.rows, new.rows).compactMap { cosine($0.key, $1.key) }.min()
  }

  /// ‖Δ new‖ / ‖Δ old‖ over all rows: 1 where the deltas are equal, nil where the old one is zero.
  public var deltaNormRatio: Double? {
    guard old.rows.map(\.delta) != new.rows.map(\.delta) else { return 1 }
    let (a, b) = (euclideanNorm(old.rows.flatMap(\.delta)), euclideanNorm(new.rows.flatMap(\.delta)))
    return a > 0 ? b / a : nil
  }

  /// The modules of the first pair of rows that are not at the same one.
  public var moved: (from: ByteString, to: ByteString)? {
    zip(old.rows, new.rows).first { $0.module != $1.module }.map { ($0.module, $1.module) }
  }
}

extension MemoryRow {
  /// ‖k‖, summed in F64 in the order of the elements.
  public var keyNorm: Double { euclideanNorm(key) }

  /// ‖Δ‖, summed as `keyNorm` is.
  public var deltaNorm: Double { euclideanNorm(delta) }
}

package func euclideanNorm(_ vector: [Float]) -> Double {
  vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
}

/// (a · b) / (‖a‖ ‖b‖), nil where the widths differ or a norm is zero.
private func cosine(_ a: [Float], _ b: [Float]) -> Double? {
  guard a.count == b.count else { return nil }
  guard a != b else { return 1 }
  let product = zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
  let norms = euclideanNorm(a) * euclideanNorm(b)
  return norms > 0 ? max(-1, min(1, product / norms)) : nil
}

extension Checkpoint {
  /// The identity of the base as patching recorded it, nil in a file that was not patched.
  public var recordedBaseHash: String? {
    metadata.first { $0.key == "memory.base" }?.value.description
  }

  /// Whether the base tensors are the same.
  ///
  /// Names, dtypes and shapes are compared first, then the recorded hashes; bytes are only read where a file has none.
  public func hasSameBase(as other: Checkpoint) throws(FormatError) -> Bool {
    func layout(_ checkpoint: Checkpoint) -> [Layout] {
      checkpoint.tensors.map { Layout(name: $0.name, dtype: $0.dtype, shape: $0.shape) }
        .sorted { $0.name < $1.name }
    }
    guard layout(self) == layout(other) else { return false }
    let mine = if let recordedBaseHash { recordedBaseHash } else { try baseHash() }
    let others = if let hash = other.recordedBaseHash { hash } else { try other.baseHash() }
    return mine == others
  }

  private struct Layout: Equatable {
    var name: ByteString
    var dtype: Dtype
    var shape: [Int]
  }
}
