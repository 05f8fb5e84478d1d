import Format

/// Qwen3 as transformers' `Qwen3ForCausalLM` computes it: Llama with a norm over each head's queries and keys.
enum Qwen3: Architecture {
  static let modelTypes = ["qwen3"]

  static func load(
    _ checkpoint: Checkpoint, _ config: Configuration, pool: WorkerPool
  ) throws(FormatError) -> Transformer {
    _ = try config.require("hidden_act", isOneOf: ["silu"], default: "silu")
    let family = try LlamaFamily(checkpoint, config, headWidth: 128)
    let attentionBias = try config.flag("attention_bias", default: false)
    let rotary = try config.rotary(width: family.shape.headWidth)
    let windows = try family.qwenWindows()
    return try family.transformer(pool: pool) { layer throws(FormatError) in
      var block = try family.block(
        layer, rotary: rotary, window: windows[layer],
        biases: .init(queryKeyValue: attentionBias, attentionOutput: attentionBias))
      try family.addHeadNorms(&block, layer: layer)
      return block
    }
  }
}
