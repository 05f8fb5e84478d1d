import Format

/// Seed-OSS (ByteDance 2025) as transformers' `SeedOssForCausalLM` computes it: Llama with biases on queries, keys and values.
enum SeedOSS: LlamaDescendant {
  static let modelTypes = ["seed_oss"]
  static let headWidth: Int? = 128

  static func load(_ family: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    let config = family.config
    let biases = LlamaFamily.Biases(
      queryKeyValue: try config.flag("attention_bias", default: true),
      attentionOutput: try config.flag("attention_out_bias", default: false),
      feedForward: try config.flag("mlp_bias", default: false))
    let rotary = try config.rotary(width: family.shape.headWidth)
    return try family.transformer(pool: pool) { layer throws(FormatError) in
      try family.block(layer, rotary: rotary, biases: biases)
    }
  }
}
