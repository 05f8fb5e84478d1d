import Format

/// OLMo 2 (Walsh et al. 2025) as transformers' `Olmo2ForCausalLM` computes it: Llama with norms behind attention and
/// feed-forward instead of before, and over all queries and all keys.
enum OLMo2: LlamaDescendant {
  static let modelTypes = ["olmo2"]

  static func load(_ family: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    let biases = try family.biases(inFeedForward: false)
    let rotary = try family.config.rotary(width: family.shape.headWidth)
    let shape = family.shape
    return try family.transformer(pool: pool) { layer throws(FormatError) in
      var block = try family.block(layer, rotary: rotary, biases: biases, norms: (nil, nil))
      block.queryNorm = try family.norm("layers.\(layer).self_attn.q_norm", shape.queryWidth)
      block.keyNorm = try family.norm("layers.\(layer).self_attn.k_norm", shape.keyValueWidth)
      block.attentionOutputNorm = try family.norm("layers.\(layer).post_attention_layernorm")
      block.feedForwardOutputNorm = try family.norm("layers.\(layer).post_feedforward_layernorm")
      return block
    }
  }
}
