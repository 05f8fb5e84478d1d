import Format
import Kernels

/// GPT-2 (Radford et al. 2019) as transformers' `GPT2LMHeadModel` computes it.
///
///     x = wte[token] + wpe[position]
///     per block: x += c_proj(attention(c_attn(ln_1(x))));  x += c_proj(gelu(c_fc(ln_2(x))))
///     logits = lm_head(ln_f(x)), lm_head = wte unless the file has one of its own
enum GPT2: Architecture {
  static let modelTypes = ["gpt2"]

  static func load(
    _ checkpoint: Checkpoint, _ config: Configuration, pool: WorkerPool
  ) throws(FormatError) -> Transformer {
    try requireSupported(config)
    let shape = try shape(config)
    // The published file has no prefix, a saved GPT2LMHeadModel has one.
    let isPlain = checkpoint["wte.weight"] != nil
    let source = TensorSource(checkpoint: checkpoint, prefix: isPlain ? "" : "transformer.")
    let epsilon = try config.positive("layer_norm_epsilon", default: 1e-5)
    var blocks: [Block] = []
    for layer in 0..<shape.layers { blocks.append(try block(layer, source, shape, epsilon: epsilon)) }
    let embedding = try source.weights("wte.weight", shape.vocabulary, shape.width)
    return Transformer(
      shape: shape, location: checkpoint.path, pool: pool, embedding: embedding,
      positionEmbedding: try source.weights("wpe.weight", shape.positions, shape.width),
      activation: kernel_gelu_tanh, blocks: blocks,
      finalNorm: try source.layerNorm("ln_f", shape.width, epsilon: epsilon),
      head: try outputHead(checkpoint, config, embedding: embedding, shape: shape))
  }

  private static func requireSupported(_ config: Configuration) throws(FormatError) {
    _ = try config.require("activation_function", isOneOf: ["gelu_new", "gelu_pytorch_tanh"], default: "gelu_new")
    let isScaled = try config.flag("scale_attn_weights", default: true)
    let isScaledByLayer = try config.flag("scale_attn_by_inverse_layer_idx", default: false)
    guard isScaled, !isScaledByLayer else {
      throw FormatError(
        .unsupported, "\(config.root.location): scale_attn_weights, scale_attn_by_inverse_layer_idx",
        "not supported", expected: "true and false")
    }
  }

  private static func shape(_ config: Configuration) throws(FormatError) -> ModelShape {
    let C = try config.count("n_embd")
    let heads = try config.divisor("n_head", of: C, "n_embd")
    return ModelShape(
      layers: try config.count("n_layer", limit: 4096), width: C, heads: heads, keyValueHeads: heads,
      headWidth: C / heads, feedForwardWidth: try config.count("n_inner", default: 4 * C), isGated: false,
      vocabulary: try config.count("vocab_size"), positions: try config.count("n_positions", "n_ctx"))
  }

  private static func block(
    _ layer: Int, _ source: TensorSource, _ shape: ModelShape, epsilon: Float
  ) throws(FormatError) -> Block {
    let (C, F, h) = (shape.width, shape.feedForwardWidth, "h.\(layer)")
    return Block(
      attentionNorm: try source.layerNorm("\(h).ln_1", C, epsilon: epsilon),
      queryKeyValue: LinearGroup([try source.convolution("\(h).attn.c_attn", inputs: C, outputs: 3 * C)]),
      attentionOutput: try source.convolution("\(h).attn.c_proj", inputs: C, outputs: C),
      feedForwardNorm: try source.layerNorm("\(h).ln_2", C, epsilon: epsilon),
      feedForward: .dense(
        input: LinearGroup([try source.convolution("\(h).mlp.c_fc", inputs: C, outputs: F)]),
        output: try source.convolution("\(h).mlp.c_proj", inputs: F, outputs: C),
        module: source.module("\(h).mlp.c_proj")),
      attentionModule: source.module("\(h).attn.c_proj"))
  }
}
