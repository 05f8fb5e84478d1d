import Format

/// Qwen3 as transformers' `Qwen3ForCausalLM` computes it: Llama with norms of queries and keys per head.
enum Qwen3: LlamaDescendant {
  static let modelTypes = ["qwen3"]
  static let headWidth: Int? = 128

  static func load(_ family: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    let biases = try family.biases(inFeedForward: false)
    let rotary = try family.config.rotary(width: family.shape.headWidth)
    let windows = try family.qwenWindows()
    return try family.transformer(pool: pool) { layer throws(FormatError) in
      var block = try family.block(layer, rotary: rotary, window: windows[layer], biases: biases)
      try family.addHeadNorms(&block, layer: layer)
      return block
    }
  }
}
