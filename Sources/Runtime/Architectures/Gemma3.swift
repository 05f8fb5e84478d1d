import Format
import Kernels

/// Gemma 3 (Gemma Team 2025), text only, as transformers' `Gemma3ForCausalLM` computes it.
///
///     x = √C · embed_tokens[token]
///     per block: x += rms(o_proj(attention(rope(rms(q_proj), rms(k_proj)), v_proj of rms(x))))
///                x += rms(down_proj(gelu(gate_proj(rms(x))) · up_proj(rms(x))))
///
/// Norms multiply by 1 + weight. Local layers see a window and have a rotary base of their own.
enum Gemma3: Architecture {
  static let modelTypes = ["gemma3_text"]

  static func load(
    _ source: TensorSource, _ config: Configuration, pool: WorkerPool
  ) throws(FormatError) -> Transformer {
    let activationKey = config.root["hidden_activation"] == nil ? "hidden_act" : "hidden_activation"
    _ = try config.require(
      activationKey, isOneOf: ["gelu_pytorch_tanh", "gelu_new"], default: "gelu_pytorch_tanh")
    for key in ["attn_logit_softcapping", "final_logit_softcapping", "use_bidirectional_attention"] {
      try config.refuse(key)
    }
    var family = try LlamaFamily(source, config, headWidth: 256)
    family.normOffset = 1
    family.shape.scoreScale = 1 / (try config.positive("query_pre_attn_scalar", default: 256)).squareRoot()
    let (gemma, width) = (family, family.shape.headWidth)
    let biases = try family.biases(inFeedForward: false)
    let global = try config.rotary(width: width, layers: "full_attention", base: 1_000_000)
    let local = try config.rotary(
      width: width, layers: "sliding_attention", baseKey: "rope_local_base_freq", isScaled: false)
    let pattern = try config.count("sliding_window_pattern", default: 6)
    let windows = try gemma.windows(try config.count("sliding_window", default: 4096)) { ($0 + 1) % pattern != 0 }
    return try gemma.transformer(
      activation: kernel_gelu_tanh, embeddingScale: Float(gemma.shape.width).squareRoot(), tiedByDefault: true,
      pool: pool
    ) { layer throws(FormatError) in
      var block = try gemma.block(
        layer, rotary: windows[layer] == nil ? global : local, window: windows[layer], biases: biases,
        norms: ("input_layernorm", "pre_feedforward_layernorm"))
      try gemma.addHeadNorms(&block, layer: layer)
      block.attentionOutputNorm = try gemma.norm("layers.\(layer).post_attention_layernorm")
      block.feedForwardOutputNorm = try gemma.norm("layers.\(layer).post_feedforward_layernorm")
      return block
    }
  }
}
