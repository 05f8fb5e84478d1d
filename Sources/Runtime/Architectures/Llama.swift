import Format

/// Llama (Touvron et al. 2023) as transformers' `LlamaForCausalLM` computes it; SmolLM2 is one.
///
///     x = embed_tokens[token]
///     a block: x += o_proj(attention(rope(q_proj, k_proj), v_proj of rms(x)))
///              x += down_proj(silu(gate_proj(rms(x))) · up_proj(rms(x)))
///     logits = lm_head(rms(x)), lm_head = embed_tokens where tied
enum Llama: Architecture {
  static let modelTypes = ["llama"]

  static func load(
    _ checkpoint: Checkpoint, _ config: Configuration, pool: WorkerPool
  ) throws(FormatError) -> Transformer {
    _ = try config.require("hidden_act", isOneOf: ["silu"], default: "silu")
    let family = try LlamaFamily(checkpoint, config)
    let attentionBias = try config.flag("attention_bias", default: false)
    let biases = LlamaFamily.Biases(
      queryKeyValue: attentionBias, attentionOutput: attentionBias,
      feedForward: try config.flag("mlp_bias", default: false))
    let rotary = try config.rotary(width: family.shape.headWidth)
    return try family.transformer(pool: pool) { layer throws(FormatError) in
      try family.block(layer, rotary: rotary, biases: biases)
    }
  }
}
