import Format

/// OLMo 2 (Walsh et al. 2025) as transformers' `Olmo2ForCausalLM` computes it: Llama whose norms stand behind attention
/// and feed-forward instead of before them, with norms over all queries and all keys.
enum OLMo2: Architecture {
  static let modelTypes = ["olmo2"]

  static func load(
    _ checkpoint: Checkpoint, _ config: Configuration, pool: WorkerPool
  ) throws(FormatError) -> Transformer {
    _ = try config.require("hidden_act", isOneOf: ["silu"], default: "silu")
    let family = try LlamaFamily(checkpoint, config)
    let attentionBias = try config.flag("attention_bias", default: false)
    let rotary = try config.rotary(width: family.shape.headWidth)
    let (shape, source) = (family.shape, family.source)
    func linear(_ name: String, outputs: Int, bias: Bool = false) throws(FormatError) -> Linear {
      try source.linear(name, inputs: shape.width, outputs: outputs, bias: bias)
    }
    return try family.transformer(pool: pool) { layer throws(FormatError) in
      let (attention, mlp) = ("layers.\(layer).self_attn", "layers.\(layer).mlp")
      var block = try family.block(
        layer, rotary: rotary, biases: .init(attentionOutput: attentionBias), attentionNorm: nil,
        queryKeyValue: [
          linear("\(attention).q_proj", outputs: shape.queryWidth, bias: attentionBias),
          linear("\(attention).k_proj", outputs: shape.keyValueWidth, bias: attentionBias),
          linear("\(attention).v_proj", outputs: shape.keyValueWidth, bias: attentionBias),
        ], feedForwardNorm: nil,
        feedForwardInput: [
          linear("\(mlp).gate_proj", outputs: shape.feedForwardWidth),
          linear("\(mlp).up_proj", outputs: shape.feedForwardWidth),
        ])
      block.queryNorm = try family.norm("\(attention).q_norm", shape.queryWidth)
      block.keyNorm = try family.norm("\(attention).k_norm", shape.keyValueWidth)
      block.attentionOutputNorm = try family.norm("layers.\(layer).post_attention_layernorm")
      block.feedForwardOutputNorm = try family.norm("layers.\(layer).post_feedforward_layernorm")
      return block
    }
  }
}
