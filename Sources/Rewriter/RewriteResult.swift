import Format

/// A rewrite's outcome: the memories, how the spec's prompts come out, and what the report shows.
public struct RewriteResult: Sendable {
  public var compiled: [CompiledMemory]
  /// The prompts of each compiled memory, on the written file (or, without one, on the model in memory).
  public var results: [MemoryResult]
  public var link: Link
  /// The memories that give one question two answers.
  public var contradictions: [Contradiction]
  /// The memories that could not be compiled and were left out.
  public var failures: [MemoryPart.Failure]
  /// Token × layer maps, one per compiled memory; empty unless asked for.
  public var maps: [[PatchTrial]]
  /// The figures of the memories that the report shows closely; empty unless asked for.
  public var figures: [MemoryFigures]
  /// Target tokens as text, one list per compiled memory.
  public var targetTexts: [[String]]
  /// What the user should know of the base and of the spec, a line each.
  public var warnings: [String]
  /// The dtype that the new memories' vectors have in their tables, F32 or BF16.
  public var table: Dtype
  /// The memories whose vectors stay F32 beside those of BF16, as rounding would lose their targets.
  public var unrounded: [String]
  /// The cost of each pass, of all memories together; without passes that were not needed.
  public var costs: [Stage: StageCost]

  /// Whether every memory could be compiled and gives its target on its own key prompt.
  ///
  /// A memory that the spec pins down entirely is computed as told and leaves the compiler nothing to reach the target
  /// by: it is reported, not counted here.
  public var holds: Bool {
    failures.isEmpty && zip(compiled, results).allSatisfy { $1.keyHolds || $0.spec.isPinned }
  }

  /// Whether no two memories give one question two answers, but for memories that the spec pins down entirely.
  public var isConsistent: Bool {
    let pinned = compiled.filter(\.spec.isPinned).map { ByteString($0.spec.name) }
    return contradictions.allSatisfy { contradiction in
      [contradiction.memory, contradiction.other].contains { pinned.contains(ByteString($0)) }
    }
  }
}
