import Format

/// GLM-4 9B (Zeng et al. 2024) as transformers' `GlmForCausalLM` computes it: Llama with biases on queries, keys and values,
/// one tensor for gate and up, and rotary positions of adjacent pairs in a part of each head.
enum GLM: LlamaDescendant {
  static let modelTypes = ["glm"]
  static let headWidth: Int? = 128
  static let epsilon: (key: String, default: Float) = ("rms_norm_eps", 1.5625e-7)

  static func load(_ family: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    try family.glm(pool: pool)
  }
}

/// GLM-4 0414 as transformers' `Glm4ForCausalLM` computes it: GLM-4 with norms also behind attention and feed-forward.
enum GLM4: LlamaDescendant {
  static let modelTypes = ["glm4"]
  static let headWidth: Int? = 128
  static let epsilon = GLM.epsilon

  static func load(_ given: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    var family = given
    family.names.attentionOutputNorm = "post_self_attn_layernorm"
    family.names.feedForwardOutputNorm = "post_mlp_layernorm"
    return try family.glm(pool: pool)
  }
}

extension LlamaFamily {
  fileprivate func glm(pool: WorkerPool) throws(FormatError) -> Transformer {
    var family = self
    family.names.feedForwardInput = ["mlp.gate_up_proj"]
    let glm = family
    let biases = Biases(queryKeyValue: try config.flag("attention_bias", default: true))
    let rotary = try config.rotary(width: shape.headWidth, part: 0.5, layout: .pairs)
    return try glm.transformer(pool: pool) { layer throws(FormatError) in
      try glm.block(layer, rotary: rotary, biases: biases)
    }
  }
}
