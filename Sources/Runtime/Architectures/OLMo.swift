import Format

/// OLMo (Groeneveld et al. 2024) as transformers' `OlmoForCausalLM` computes it: Llama with layer norms that have no weights.
enum OLMo: LlamaDescendant {
  static let modelTypes = ["olmo"]

  static func load(_ given: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    var family = given
    family.norms = .init(kind: .layer, hasWeight: false, epsilon: 1e-5)
    let (olmo, config) = (family, family.config)
    try config.refuse("clip_qkv")
    let biases = try olmo.biases(inFeedForward: false)
    let rotary = try config.rotary(width: olmo.shape.headWidth)
    return try olmo.transformer(pool: pool) { layer throws(FormatError) in
      try olmo.block(layer, rotary: rotary, biases: biases)
    }
  }
}
