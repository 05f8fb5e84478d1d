import Format

/// Mixtral (Jiang et al. 2024) as transformers' `MixtralForCausalLM` computes it: Mistral with a mixture of experts in each
/// layer.
enum Mixtral: LlamaDescendant {
  static let modelTypes = ["mixtral"]
  static let epsilon: (key: String, default: Float) = ("rms_norm_eps", 1e-5)

  static func load(_ given: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    var family = given
    let layers = Set(0..<family.shape.layers)
    let sizes = try family.mixtureShape(widthKey: "intermediate_size", layers: layers, chosen: 2)
    family.shape.mixture = sizes
    let mixtral = family
    let rotary = try mixtral.config.rotary(width: mixtral.shape.headWidth, base: 1_000_000)
    let window = try mixtral.config.optionalCount("sliding_window")
    let style = LlamaFamily.MixtureStyle(
      prefix: "block_sparse_moe", gate: "w1", up: "w3", output: "w2", normalizesWeights: true)
    return try mixtral.transformer(pool: pool) { layer throws(FormatError) in
      try mixtral.block(layer, rotary: rotary, window: window, mixture: mixtral.mixture(layer, style, of: sizes))
    }
  }
}
