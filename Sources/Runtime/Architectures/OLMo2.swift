import Format

/// OLMo 2 (Walsh et al. 2025) as transformers' `Olmo2ForCausalLM` computes it: Llama with norms behind attention and
/// feed-forward instead of before, and over all queries and all keys.
enum OLMo2: LlamaDescendant {
  static let modelTypes = ["olmo2"]
  static let epsilon: (key: String, default: Float) = ("rms_norm_eps", 1e-5)

  static func load(_ given: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    var family = given
    family.putNormsBehind()
    let olmo = family
    let biases = try olmo.biases(inFeedForward: false)
    let rotary = try olmo.config.rotary(width: olmo.shape.headWidth)
    return try olmo.transformer(pool: pool) { layer throws(FormatError) in
      var block = try olmo.block(layer, rotary: rotary, biases: biases)
      try olmo.addWholeNorms(&block, layer: layer)
      return block
    }
  }
}

extension LlamaFamily {
  /// Makes norms stand behind attention and feed-forward, and none before.
  mutating func putNormsBehind() {
    (names.attentionNorm, names.feedForwardNorm) = (nil, nil)
    names.attentionOutputNorm = "post_attention_layernorm"
    names.feedForwardOutputNorm = "post_feedforward_layernorm"
  }
}
