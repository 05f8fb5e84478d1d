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
    func holding(_ memories: [CompiledMemory], _ asked: [Int]) throws(FormatError) -> [Int] {
      let holds = try Self.holding(memories, asked.map { probes[$0] }, beside: kept, model: model)
      return zip(asked, holds).filter(\.1).map(\.0)
    }
    let held = try holding(compiled, Array(compiled.indices))
    for i in compiled.indices { self.compiled[i].rows = compiled[i].rows.map { $0.rounded() } }
    var lost = Set(held).subtracting(try holding(self.compiled, held))
    for length in Self.lengths where !lost.isEmpty {
      for i in lost { self.compiled[i].rows = compiled[i].rows.map { $0.rounded(times: length) } }
      lost.subtract(try holding(self.compiled, lost.sorted()))
    }
    for i in lost.sorted() {
      self.compiled[i] = compiled[i]
      unrounded.append(compiled[i].spec.name)
    }
  }

  /// The lengths of a delta, as parts of its own, that are tried where rounding costs a target that barely led.
  private static let lengths: [Float] = [1.02, 1.05, 1.1]

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
  ///
  /// - Parameter length: a factor of the delta.
  fileprivate func rounded(times length: Float = 1) -> MemoryRow {
    var row = self
    row.storedKey = storedKey.rounded
    if length != 1 { row.delta = delta.map { length * $0 } }
    row.storedDelta = row.storedDelta.rounded
    for i in row.cues.indices { row.cues[i].storedKey = cues[i].storedKey.rounded }
    return row
  }

  /// Whether all its vectors are BF16.
  fileprivate var isRounded: Bool {
    storedKey.dtype == .bf16 && storedDelta.dtype == .bf16 && cues.allSatisfy { $0.storedKey.dtype == .bf16 }
  }
}
