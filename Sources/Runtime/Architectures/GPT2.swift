import Format
import Kernels

/// GPT-2 (Radford et al. 2019) as transformers' `GPT2LMHeadModel` computes it.
///
///     x = wte[token] + wpe[position]
///     per block: x += c_proj(attention(c_attn(ln_1(x))));  x += c_proj(gelu(c_fc(ln_2(x))))
///     logits = lm_head(ln_f(x)), lm_head = wte unless the file has one of its own
enum GPT2: Architecture {
  static let modelTypes = ["gpt2"]
  static let prefix = "transformer"

  static func load(
    _ source: TensorSource, _ config: Configuration, pool: WorkerPool
  ) throws(FormatError) -> Transformer {
    try requireSupported(config)
    let shape = try shape(config)
    let epsilon = try config.positive("layer_norm_epsilon", default: 1e-5)
    var blocks: [Block] = []
    for layer in 0..<shape.layers { blocks.append(try block(layer, source, shape, epsilon: epsilon)) }
    let ends = try VocabularyEnds(source, "wte", shape: shape, isTied: config.isTied(byDefault: true))
    return Transformer(
      shape: shape, location: source.location, pool: pool, embedding: ends.embedding,
      positionEmbedding: try source.weights("wpe.weight", shape.positions, shape.width),
      activation: try config.activation("activation_function", default: "gelu_new"), blocks: blocks,
      finalNorm: try source.layerNorm("ln_f", shape.width, epsilon: epsilon),
      head: ends.head)
  }

  private static func requireSupported(_ config: Configuration) throws(FormatError) {
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
        module: try source.module("\(h).mlp.c_proj")),
      attentionModule: try source.module("\(h).attn.c_proj"))
  }
}
