import Format

/// Mistral (Jiang et al. 2023) as transformers' `MistralForCausalLM` computes it: Llama with a window on the tokens
/// before.
enum Mistral: LlamaDescendant {
  static let modelTypes = ["mistral"]

  static func load(_ family: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    let rotary = try family.config.rotary(width: family.shape.headWidth)
    // null is no window in later versions; a file without the field has the class's default.
    let window = try family.config.optionalCount("sliding_window", ifAbsent: 4096)
    return try family.transformer(pool: pool) { layer throws(FormatError) in
      try family.block(layer, rotary: rotary, window: window)
    }
  }
}
