import Format
import Runtime

/// The rounding of new memories' vectors to the dtype of their tables.
///
/// All that is measured behind it, and the file, has the rounded numbers.
struct TableRounding {
  /// The new memories, rounded but for those whose target would be lost.
  private(set) var compiled: [CompiledMemory]
  /// The names of the memories that stay F32.
  private(set) var unrounded: [String] = []

  /// - Parameters:
  ///   - dtype: F32, which rounds nothing, or BF16.
  ///   - kept: the memories beside them.
  init(
    _ compiled: [CompiledMemory], to dtype: Dtype, _ probes: [Probe], beside kept: [Memory], model: LanguageModel
  ) throws(FormatError) {
    self.compiled = compiled
    guard dtype == .bf16 else { return }
    let holding = try Self.holding(compiled, probes, beside: kept, model: model)
    for i in compiled.indices { self.compiled[i].rows = compiled[i].rows.map(\.rounded) }
    let still = try Self.holding(self.compiled, probes, beside: kept, model: model)
    for i in compiled.indices where holding[i] && !still[i] {
      self.compiled[i] = compiled[i]
      unrounded.append(compiled[i].spec.name)
    }
  }

  /// The dtype of new memories' vectors that keeps the tables of a file as they are: BF16 where all of them are.
  static func dtype(of memories: [Memory]) -> Dtype {
    let rows = memories.flatMap(\.rows)
    return !rows.isEmpty && rows.allSatisfy(\.isRounded) ? .bf16 : .f32
  }

  /// Whether each memory gives its target on its own prompt, with all of them in place.
  private static func holding(
    _ compiled: [CompiledMemory], _ probes: [Probe], beside kept: [Memory], model: LanguageModel
  ) throws(FormatError) -> [Bool] {
    let set = try MemorySet(kept + compiled.map { $0.memory(scores: .null) }, for: model.transformer)
    let after = Continuations(
      probes.map { .init(ids: $0.keyIDs, count: $0.targetIDs.count) }, memories: set, model: model)
    return zip(after.ids, probes).map { $0.starts(with: $1.targetIDs) }
  }
}

extension MemoryRow {
  /// The row with its vectors, and those of its cues, rounded to BF16.
  fileprivate var rounded: MemoryRow {
    var row = self
    row.storedKey = storedKey.rounded
    row.storedDelta = storedDelta.rounded
    for i in row.cues.indices { row.cues[i].storedKey = cues[i].storedKey.rounded }
    return row
  }

  /// Whether all its vectors are BF16.
  fileprivate var isRounded: Bool {
    storedKey.dtype == .bf16 && storedDelta.dtype == .bf16 && cues.allSatisfy { $0.storedKey.dtype == .bf16 }
  }
}
