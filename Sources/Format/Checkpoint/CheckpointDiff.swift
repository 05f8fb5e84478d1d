extension TableDiff {
  /// Compares `old` with `new`, all base bytes included; either may be a base without memories, or a sidecar.
  ///
  /// Memories belong together by name, byte by byte, and those without a counterpart by their rows. No configuration or
  /// tokenizer is needed.
  public init(_ old: Checkpoint, _ new: Checkpoint) {
    self.init(old: old.memories, new: new.memories)
    if old.isSidecar || new.isSidecar {
      isForAnotherBase = old.identity() != new.identity()
    } else {
      base = old.baseChanges(to: new)
    }
  }
}

extension Checkpoint {
  /// Lists the base tensors that differ between the two checkpoints, sorted by name: none means the same base.
  ///
  /// Bytes are compared, not the recorded hashes, which do not follow a later change of the weights.
  public func baseChanges(to other: Checkpoint) -> [TensorChange] {
    let names = Set(tensors.map(\.name)).union(other.tensors.map(\.name)).sorted()
    return names.concurrentMap { TensorChange(name: $0, from: self[$0], to: other[$0]) }.compactMap(\.self)
  }
}
