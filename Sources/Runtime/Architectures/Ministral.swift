import Format

/// Ministral 8B (Mistral AI 2024) as transformers' `MinistralForCausalLM` computes it: Mistral with a window in some layers.
enum Ministral: LlamaDescendant {
  static let modelTypes = ["ministral"]

  static func load(_ family: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    let rotary = try family.config.rotary(width: family.shape.headWidth)
    let windows = try family.windows(try family.config.optionalCount("sliding_window", ifAbsent: 4096))
    return try family.transformer(pool: pool) { layer throws(FormatError) in
      try family.block(layer, rotary: rotary, window: windows[layer])
    }
  }
}
