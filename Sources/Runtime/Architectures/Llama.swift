import Format
import Kernels

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
    let C = try config.count("hidden_size")
    let heads = try config.count("num_attention_heads")
    let keyValueHeads = try config.count("num_key_value_heads", default: heads)
    guard heads % keyValueHeads == 0 else {
      throw FormatError(
        .config, "\(config.root.place): num_key_value_heads", "does not divide num_attention_heads \(heads)",
        got: "\(keyValueHeads)")
    }
    let headWidth: Int
    if let given = config.root["head_dim"], !given.isNull {
      headWidth = try config.count("head_dim")
    } else {
      guard C % heads == 0 else {
        throw FormatError(
          .config, "\(config.root.place): num_attention_heads", "does not divide hidden_size \(C)",
          got: "\(heads)")
      }
      headWidth = C / heads
    }
    guard headWidth % 2 == 0 else {
      throw FormatError(
        .config, "\(config.root.place): head_dim", "odd, which rotary positions do not allow",
        got: "\(headWidth)")
    }
    _ = try config.require("hidden_act", isOneOf: ["silu"], default: "silu")
    let F = try config.count("intermediate_size")
    let shape = ModelShape(
      layers: try config.count("num_hidden_layers", limit: 4096), width: C, heads: heads,
      keyValueHeads: keyValueHeads, headWidth: headWidth, feedForwardWidth: F, isGated: true,
      vocabulary: try config.count("vocab_size"),
      positions: try config.count("max_position_embeddings", default: 2048))
    let source = TensorSource(checkpoint: checkpoint, prefix: "model.")
    let epsilon = try config.positive("rms_norm_eps", default: 1e-6)
    func norm(_ name: String) throws(FormatError) -> Norm {
      Norm(kind: .rms, weight: try source.vector(name + ".weight", C), bias: nil, epsilon: epsilon)
    }
    let attentionBias = try config.flag("attention_bias", default: false)
    let feedForwardBias = try config.flag("mlp_bias", default: false)
    let (Q, K) = (heads * headWidth, keyValueHeads * headWidth)
    var blocks: [Block] = []
    for l in 0..<shape.layers {
      let (attention, mlp) = ("layers.\(l).self_attn", "layers.\(l).mlp")
      blocks.append(
        Block(
          attentionNorm: try norm("layers.\(l).input_layernorm"),
          queryKeyValue: LinearGroup([
            try source.linear("\(attention).q_proj", inputs: C, outputs: Q, bias: attentionBias),
            try source.linear("\(attention).k_proj", inputs: C, outputs: K, bias: attentionBias),
            try source.linear("\(attention).v_proj", inputs: C, outputs: K, bias: attentionBias),
          ]),
          attentionOutput: try source.linear(
            "\(attention).o_proj", inputs: Q, outputs: C, bias: attentionBias),
          feedForwardNorm: try norm("layers.\(l).post_attention_layernorm"),
          feedForwardInput: LinearGroup([
            try source.linear("\(mlp).gate_proj", inputs: C, outputs: F, bias: feedForwardBias),
            try source.linear("\(mlp).up_proj", inputs: C, outputs: F, bias: feedForwardBias),
          ]),
          feedForwardOutput: try source.linear(
            "\(mlp).down_proj", inputs: F, outputs: C, bias: feedForwardBias),
          attentionModule: source.module("\(attention).o_proj"),
          feedForwardModule: source.module("\(mlp).down_proj")))
    }
    let embedding = try source.weights("embed_tokens.weight", shape.vocabulary, C)
    return Transformer(
      shape: shape, place: checkpoint.path, pool: pool, embedding: embedding, positionEmbedding: nil,
      rotary: try rotary(config, width: headWidth), activation: kernel_silu, blocks: blocks,
      finalNorm: try norm("norm"),
      head: try outputHead(checkpoint, config, embedding: embedding, shape: shape, tiedByDefault: false))
  }

  /// Both spellings of the rotary parameters: `rope_theta` with `rope_scaling`, and `rope_parameters`.
  static func rotary(_ config: Configuration, width: Int) throws(FormatError) -> RotaryHalves {
    let parameters = try config.object("rope_parameters")
    let base = try config.positive(
      "rope_theta", in: parameters?["rope_theta"] == nil ? nil : parameters, default: 10000)
    let scaling = if let parameters { parameters } else { try config.object("rope_scaling") }
    let given = [scaling?["rope_type"], scaling?["type"]].compactMap(\.self).first { !$0.isNull }
    let kind = given.map { $0.string } ?? "default"
    switch kind {
    case "default": return RotaryHalves(width: width, base: base, scaling: .none)
    case "linear":
      return RotaryHalves(
        width: width, base: base, scaling: .linear(factor: try config.positive("factor", in: scaling)))
    case "llama3":
      let low = try config.positive("low_freq_factor", in: scaling)
      let high = try config.positive("high_freq_factor", in: scaling)
      guard low < high else {
        throw FormatError(
          .config, scaling?.place ?? config.root.place, "high_freq_factor is not above low_freq_factor",
          expected: "above \(low)", got: "\(high)")
      }
      return RotaryHalves(
        width: width, base: base,
        scaling: .llama3(
          factor: try config.positive("factor", in: scaling), lowFrequencyFactor: low, highFrequencyFactor: high,
          originalPositions: try config.positive("original_max_position_embeddings", in: scaling)))
    default:
      throw FormatError(
        .unsupported, "\(scaling?.place ?? config.root.place)",
        "this kind of rotary scaling is not supported",
        expected: "default, linear or llama3", got: given?.kindDescription)
    }
  }
}
