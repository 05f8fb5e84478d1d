import Format

/// Phi-3 (Abdin et al. 2024) as transformers' `Phi3ForCausalLM` computes it: Llama with one tensor for queries, keys
/// and values, and one for gate and up.
enum Phi3: LlamaDescendant {
  static let modelTypes = ["phi3"]
  static let epsilon: (key: String, default: Float) = ("rms_norm_eps", 1e-5)

  static func load(_ given: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    var family = given
    family.names.queryKeyValue = ["self_attn.qkv_proj"]
    family.names.feedForwardInput = ["mlp.gate_up_proj"]
    let phi = family
    let rotary = try phi.config.rotary(width: phi.shape.headWidth)
    let window = try phi.config.optionalCount("sliding_window")
    return try phi.transformer(pool: pool) { layer throws(FormatError) in
      try phi.block(layer, rotary: rotary, window: window)
    }
  }
}
