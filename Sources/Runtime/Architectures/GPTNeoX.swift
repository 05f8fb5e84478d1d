import Format
import Kernels

/// GPT-NeoX (Black et al. 2022) as transformers' `GPTNeoXForCausalLM` computes it; Pythia is one.
///
///     a block: x += dense(attention(rope(q, k), v of ln(x))) + dense_4h_to_h(gelu(dense_h_to_4h(ln'(x))))
///
/// One tensor has queries, keys and values, head by head. A part of each head is rotated. Both halves of a block read
/// the same x, unless `use_parallel_residual` is false.
enum GPTNeoX: Architecture {
  static let modelTypes = ["gpt_neox"]

  static func load(
    _ checkpoint: Checkpoint, _ config: Configuration, pool: WorkerPool
  ) throws(FormatError) -> Transformer {
    let C = try config.count("hidden_size")
    let heads = try config.divisor("num_attention_heads", of: C, "hidden_size")
    let act = try config.require("hidden_act", isOneOf: ["gelu", "gelu_new", "gelu_fast"], default: "gelu")
    let F = try config.count("intermediate_size")
    var shape = ModelShape(
      layers: try config.count("num_hidden_layers", limit: 4096), width: C, heads: heads, keyValueHeads: heads,
      headWidth: C / heads, feedForwardWidth: F, isGated: false, vocabulary: try config.count("vocab_size"),
      positions: try config.count("max_position_embeddings", default: 2048))
    if let known = try config.rotaryPositions() { shape.positions = min(shape.positions, known) }
    let rotary = try config.rotary(
      width: shape.headWidth, baseKey: "rotary_emb_base", partKey: "rotary_pct", part: 0.25)
    let isParallel = try config.flag("use_parallel_residual", default: true)
    let attentionBias = try config.flag("attention_bias", default: true)
    let source = TensorSource(checkpoint: checkpoint, prefix: "gpt_neox.")
    let epsilon = try config.positive("layer_norm_eps", default: 1e-5)
    func norm(_ name: String) throws(FormatError) -> Norm {
      Norm(
        kind: .layer, weight: try source.vector(name + ".weight", C), bias: try source.vector(name + ".bias", C),
        epsilon: epsilon)
    }
    var blocks: [Block] = []
    for layer in 0..<shape.layers {
      let l = "layers.\(layer)"
      let fused = try source.linear("\(l).attention.query_key_value", inputs: C, outputs: 3 * C, bias: attentionBias)
      let width = shape.headWidth
      let parts = (0..<3).flatMap { part in
        (0..<heads).map { fused.outputs((($0 * 3 + part) * width)..<(($0 * 3 + part + 1) * width)) }
      }
      blocks.append(
        Block(
          attentionNorm: try norm("\(l).input_layernorm"), queryKeyValue: LinearGroup(parts), rotary: rotary,
          attentionOutput: try source.linear("\(l).attention.dense", inputs: C, outputs: C, bias: attentionBias),
          feedForwardNorm: try norm("\(l).post_attention_layernorm"), isParallel: isParallel,
          feedForwardInput: LinearGroup([
            try source.linear("\(l).mlp.dense_h_to_4h", inputs: C, outputs: F, bias: true)
          ]),
          feedForwardOutput: try source.linear("\(l).mlp.dense_4h_to_h", inputs: F, outputs: C, bias: true),
          attentionModule: source.module("\(l).attention.dense"),
          feedForwardModule: source.module("\(l).mlp.dense_4h_to_h")))
    }
    let embedding = try source.weights("embed_in.weight", shape.vocabulary, C)
    return Transformer(
      shape: shape, location: checkpoint.path, pool: pool, embedding: embedding,
      activation: act == "gelu" ? kernel_gelu : kernel_gelu_tanh, blocks: blocks,
      finalNorm: try norm("final_layer_norm"),
      head: try outputHead(
        checkpoint, config, embedding: embedding, shape: shape, tiedByDefault: false, name: "embed_out"))
  }
}
