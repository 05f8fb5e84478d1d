import Format

/// Mistral (Jiang et al. 2023) as transformers' `MistralForCausalLM` computes it: Llama whose tokens see a window of
/// those before them.
enum Mistral: Architecture {
  static let modelTypes = ["mistral"]

  static func load(
    _ checkpoint: Checkpoint, _ config: Configuration, pool: WorkerPool
  ) throws(FormatError) -> Transformer {
    _ = try config.require("hidden_act", isOneOf: ["silu"], default: "silu")
    let family = try LlamaFamily(checkpoint, config)
    let rotary = try config.rotary(width: family.shape.headWidth)
    // Later versions write null for no window; the class's default stands for a file that says nothing.
    let window = config.root["sliding_window"] == nil ? 4096 : try config.optionalCount("sliding_window")
    return try family.transformer(pool: pool) { layer throws(FormatError) in
      try family.block(layer, rotary: rotary, window: window)
    }
  }
}
