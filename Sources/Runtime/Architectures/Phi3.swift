import Format

/// Phi-3 (Abdin et al. 2024) as transformers' `Phi3ForCausalLM` computes it: Llama with one tensor for queries, keys
/// and values, and one for gate and up.
enum Phi3: LlamaDescendant {
  static let modelTypes = ["phi3"]

  static func load(_ family: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    let rotary = try family.config.rotary(width: family.shape.headWidth)
    let window = try family.config.optionalCount("sliding_window")
    let (shape, source) = (family.shape, family.source)
    return try family.transformer(pool: pool) { layer throws(FormatError) in
      try family.block(
        layer, rotary: rotary, window: window, attentionNorm: family.norm("layers.\(layer).input_layernorm"),
        queryKeyValue: [
          source.linear(
            "layers.\(layer).self_attn.qkv_proj", inputs: shape.width, outputs: shape.queryKeyValueWidth)
        ],
        feedForwardNorm: family.norm("layers.\(layer).post_attention_layernorm"),
        feedForwardInput: [
          source.linear("layers.\(layer).mlp.gate_up_proj", inputs: shape.width, outputs: shape.hiddenWidth)
        ])
    }
  }
}
