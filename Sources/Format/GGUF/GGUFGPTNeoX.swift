extension GGUFModel {
  /// GPT-NeoX (llama.cpp `src/models/gptneox.cpp`, transformers `GPTNeoXForCausalLM`).
  ///
  /// With hidden size E, V tokens and inner size F, each layer has a fused projection `(3·E, E)`, which llama.cpp keeps
  /// as all queries, all keys, all values and Hugging Face head by head, a dense one `(E, E)`, the MLP's `(F, E)` and
  /// `(E, F)`, their biases and two norms with biases.
  static func gptNeoX(_ container: GGUFContainer) throws(FormatError) -> GGUFModel {
    let layers = try container.requiredDimension("gptneox.block_count")
    let E = try container.requiredDimension("gptneox.embedding_length")
    let F = try container.requiredDimension("gptneox.feed_forward_length")
    let heads = try container.requiredDimension("gptneox.attention.head_count")
    guard E % heads == 0 else {
      throw FormatError(
        .gguf, "\(container.location): gptneox.attention.head_count", "does not divide the embedding length \(E)",
        got: "\(heads)")
    }
    let rotated = try container.dimension("gptneox.rope.dimension_count") ?? E / heads
    guard rotated % 2 == 0, rotated <= E / heads else {
      throw FormatError(
        .gguf, "\(container.location): gptneox.rope.dimension_count", "the value is out of range",
        expected: "an even number up to \(E / heads)", got: "\(rotated)")
    }
    let epsilonKey = "gptneox.attention.layer_norm_epsilon"
    guard let epsilon = try container.positive(epsilonKey) else { throw container.missing(epsilonKey) }

    var table = GGUFTensorTable(container)
    let vocabulary = try table.rows("token_embd.weight")
    try table.add("token_embd.weight", as: "gpt_neox.embed_in.weight", [vocabulary, E])
    let isTied = !table.has("output.weight")
    if !isTied { try table.add("output.weight", as: "embed_out.weight", [vocabulary, E]) }
    func addBoth(_ source: String, _ target: String, _ shape: [Int], _ layout: GGUFLayout = .same) throws(FormatError) {
      try table.add("\(source).weight", as: "gpt_neox.\(target).weight", shape, layout)
      try table.add("\(source).bias", as: "gpt_neox.\(target).bias", [shape[0]], layout)
    }
    try addBoth("output_norm", "final_layer_norm", [E])
    for layer in 0..<layers {
      let (source, target) = ("blk.\(layer)", "layers.\(layer)")
      try addBoth("\(source).attn_norm", "\(target).input_layernorm", [E])
      try addBoth("\(source).ffn_norm", "\(target).post_attention_layernorm", [E])
      try addBoth("\(source).attn_qkv", "\(target).attention.query_key_value", [3 * E, E], .partsOfHeads(heads))
      try addBoth("\(source).attn_output", "\(target).attention.dense", [E, E])
      try addBoth("\(source).ffn_up", "\(target).mlp.dense_h_to_4h", [F, E])
      try addBoth("\(source).ffn_down", "\(target).mlp.dense_4h_to_h", [E, F])
    }
    let config: [(String, JSONNode)] = [
      ("architectures", ["GPTNeoXForCausalLM"]), ("model_type", "gpt_neox"), ("vocab_size", .int(vocabulary)),
      ("hidden_size", .int(E)), ("intermediate_size", .int(F)), ("num_hidden_layers", .int(layers)),
      ("num_attention_heads", .int(heads)), ("hidden_act", "gelu"),
      ("rotary_pct", .double(Double(rotated) / Double(E / heads))),
      ("rotary_emb_base", .float(try container.positive("gptneox.rope.freq_base") ?? 10000)),
      ("max_position_embeddings", .int(try container.requiredDimension("gptneox.context_length"))),
      ("layer_norm_eps", .float(epsilon)), ("attention_bias", true),
      ("use_parallel_residual", .bool(try container.bool("gptneox.use_parallel_residual") ?? true)),
      ("tie_word_embeddings", .bool(isTied)),
    ]
    let special = try container.specialTokens(vocabulary: vocabulary)
    return GGUFModel(entries: try table.finish(), config: config + special)
  }
}
