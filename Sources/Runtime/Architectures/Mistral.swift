import Format

/// Mistral (Jiang et al. 2023) as transformers' `MistralForCausalLM` computes it: Llama whose tokens see a window of
/// those before them.
enum Mistral: LlamaDescendant {
  static let modelTypes = ["mistral"]

  static func load(_ family: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    let rotary = try family.config.rotary(width: family.shape.headWidth)
    // Later versions write null for no window; the class's default stands for a file that says nothing.
    let window = family.config.root["sliding_window"] == nil ? 4096 : try family.config.optionalCount("sliding_window")
    return try family.transformer(pool: pool) { layer throws(FormatError) in
      try family.block(layer, rotary: rotary, window: window)
    }
  }
}
