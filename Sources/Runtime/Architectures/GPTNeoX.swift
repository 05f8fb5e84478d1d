import Format
import Kernels

/// GPT-NeoX (Black et al. 2022) as transformers' `GPTNeoXForCausalLM` computes it; Pythia is one.
///
///     per block: x += dense(attention(rope(q, k), v of ln(x))) + dense_4h_to_h(gelu(dense_h_to_4h(ln'(x))))
///
/// One tensor holds queries, keys and values, head by head. A part of each head is rotated. Both halves of a block read
/// the same x, unless `use_parallel_residual` is false.
enum GPTNeoX: Architecture {
  static let modelTypes = ["gpt_neox"]
  static let prefix = "gpt_neox"

  static func load(
    _ source: TensorSource, _ config: Configuration, pool: WorkerPool
  ) throws(FormatError) -> Transformer {
    let activation = try config.activation("hidden_act", default: "gelu")
    let parts = try Parts(source, config)
    let shape = parts.shape
    var blocks: [Block] = []
    for layer in 0..<shape.layers { blocks.append(try parts.block(layer)) }
    let ends = try VocabularyEnds(
      source, "embed_in", heads: ["embed_out", "lm_head"], shape: shape, isTied: config.isTied(byDefault: false))
    return Transformer(
      shape: shape, location: source.location, pool: pool, embedding: ends.embedding,
      activation: activation, blocks: blocks,
      finalNorm: try parts.norm("final_layer_norm"),
      head: ends.head)
  }

  /// Shape, tensors and settings that the blocks are made from.
  private struct Parts {
    let shape: ModelShape
    let source: TensorSource
    private let rotary: Rotary
    private let isParallel: Bool
    private let hasAttentionBias: Bool
    private let epsilon: Float

    init(_ source: TensorSource, _ config: Configuration) throws(FormatError) {
      shape = try Self.shape(config)
      self.source = source
      rotary = try config.rotary(width: shape.headWidth, baseKey: "rotary_emb_base", partKey: "rotary_pct", part: 0.25)
      isParallel = try config.flag("use_parallel_residual", default: true)
      hasAttentionBias = try config.flag("attention_bias", default: true)
      epsilon = try config.positive("layer_norm_eps", default: 1e-5)
    }

    private static func shape(_ config: Configuration) throws(FormatError) -> ModelShape {
      let C = try config.count("hidden_size")
      let heads = try config.divisor("num_attention_heads", of: C, "hidden_size")
      var shape = ModelShape(
        layers: try config.count("num_hidden_layers", limit: 4096), width: C, heads: heads, keyValueHeads: heads,
        headWidth: C / heads, feedForwardWidth: try config.count("intermediate_size"), isGated: false,
        vocabulary: try config.count("vocab_size"),
        positions: try config.count("max_position_embeddings", default: 2048))
      if let known = try config.rotaryPositions() { shape.positions = min(shape.positions, known) }
      return shape
    }

    func norm(_ name: String) throws(FormatError) -> Norm {
      try source.layerNorm(name, shape.width, epsilon: epsilon)
    }

    func block(_ layer: Int) throws(FormatError) -> Block {
      let (C, F, l) = (shape.width, shape.feedForwardWidth, "layers.\(layer)")
      return Block(
        attentionNorm: try norm("\(l).input_layernorm"), queryKeyValue: try queryKeyValue(l), rotary: rotary,
        attentionOutput: try source.linear("\(l).attention.dense", inputs: C, outputs: C, bias: hasAttentionBias),
        feedForwardNorm: try norm("\(l).post_attention_layernorm"), isParallel: isParallel,
        feedForward: .dense(
          input: LinearGroup([try source.linear("\(l).mlp.dense_h_to_4h", inputs: C, outputs: F, bias: true)]),
          output: try source.linear("\(l).mlp.dense_4h_to_h", inputs: F, outputs: C, bias: true),
          module: try source.module("\(l).mlp.dense_4h_to_h")),
        attentionModule: try source.module("\(l).attention.dense"))
    }

    /// The fused tensor's rows, which go head by head, in the order all queries, all keys, all values.
    private func queryKeyValue(_ l: String) throws(FormatError) -> LinearGroup {
      let (C, width) = (shape.width, shape.headWidth)
      let fused = try source.linear(
        "\(l).attention.query_key_value", inputs: C, outputs: 3 * C, bias: hasAttentionBias)
      return LinearGroup(
        (0..<3).flatMap { part in
          (0..<shape.heads).map { fused.outputs((($0 * 3 + part) * width)..<(($0 * 3 + part + 1) * width)) }
        })
    }
  }
}
