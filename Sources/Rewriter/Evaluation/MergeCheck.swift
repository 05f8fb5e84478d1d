import Format
import Runtime

/// A check of memories from several files: which of them hold beside each other.
public struct MergeCheck: Sendable {
  /// Memories that give their target alone and not together; only memories with a prompt are asked.
  public private(set) var broken: [String] = []
  /// Memories that give it neither alone nor together.
  public private(set) var idle: [String] = []

  /// - Throws: `FormatError` where a memory does not fit the model, or its prompt is nothing for its tokenizer.
  public init(
    _ checkpoint: Checkpoint, pool: WorkerPool, progress: (StepProgress) -> Void = { _ in }
  ) throws(FormatError) {
    let model = try LanguageModel(checkpoint, pool: pool)
    for (i, memory) in checkpoint.memories.enumerated() where !memory.prompt.isEmpty {
      progress(StepProgress("checking", i, of: checkpoint.memories.count, .memories, detail: memory.name))
      let ids = try model.encode(promptOf: memory)
      func holds(_ memories: MemorySet) -> Bool {
        model.generate(ids, maxTokens: memory.targetIDs.count, memories: memories).ids == memory.targetIDs
      }
      if holds(model.memories) { continue }
      if holds(try MemorySet([memory], for: model.transformer)) {
        broken.append(memory.name)
      } else {
        idle.append(memory.name)
      }
    }
  }
}
