extension GGUFModel {
  /// GPT-NeoX (llama.cpp `src/models/gptneox.cpp`, transformers `GPTNeoXForCausalLM`).
  ///
  /// With hidden size E, V tokens and inner size F, each layer has a fused projection `(3·E, E)`, which llama.cpp keeps
  /// as all queries, all keys, all values and Hugging Face head by head, a dense one `(E, E)`, the MLP's `(F, E)` and
  /// `(E, F)`, their biases and two norms with biases.
  static func gptNeoX(_ container: GGUFContainer) throws(FormatError) -> GGUFModel {
    let hyper = try GPTNeoXHyperparameters(container)
    var table = GGUFTensorTable(container)
    let vocabulary = try table.rows("token_embd.weight")
    try table.add("token_embd.weight", as: "gpt_neox.embed_in.weight", [vocabulary, hyper.hidden])
    let positions = try container.requiredDimension("gptneox.context_length")
    try GGUFNeutralKeys(
      container: container, architecture: "gptneox", headSize: hyper.headSize, positions: positions
    ).check()
    let isTied = !table.has("output.weight")
    if !isTied { try table.add("output.weight", as: "embed_out.weight", [vocabulary, hyper.hidden]) }
    try table.addWithBias("output_norm", as: "gpt_neox.final_layer_norm", [hyper.hidden])
    for layer in 0..<hyper.layers { try addLayer(layer, hyper, to: &table) }
    let config: [(String, JSONNode)] = [
      ("architectures", ["GPTNeoXForCausalLM"]), ("model_type", "gpt_neox"), ("vocab_size", .int(vocabulary)),
      ("hidden_size", .int(hyper.hidden)), ("intermediate_size", .int(hyper.inner)),
      ("num_hidden_layers", .int(hyper.layers)), ("num_attention_heads", .int(hyper.heads)), ("hidden_act", "gelu"),
      ("rotary_pct", .double(Double(hyper.rotated) / Double(hyper.headSize))),
      ("rotary_emb_base", .float(try container.positive("gptneox.rope.freq_base") ?? 10000)),
      ("max_position_embeddings", .int(positions)),
      ("layer_norm_eps", .float(hyper.epsilon)), ("attention_bias", true),
      ("use_parallel_residual", .bool(try container.bool("gptneox.use_parallel_residual") ?? true)),
      ("tie_word_embeddings", .bool(isTied)),
    ]
    let special = try container.specialTokens(vocabulary: vocabulary)
    return GGUFModel(entries: try table.finish(), config: config + special)
  }

  private static func addLayer(
    _ layer: Int, _ hyper: GPTNeoXHyperparameters, to table: inout GGUFTensorTable
  ) throws(FormatError) {
    let (E, F) = (hyper.hidden, hyper.inner)
    let parts: [(String, String, [Int], GGUFLayout)] = [
      ("attn_norm", "input_layernorm", [E], .same), ("ffn_norm", "post_attention_layernorm", [E], .same),
      ("attn_qkv", "attention.query_key_value", [3 * E, E], .partsOfHeads(hyper.heads)),
      ("attn_output", "attention.dense", [E, E], .same), ("ffn_up", "mlp.dense_h_to_4h", [F, E], .same),
      ("ffn_down", "mlp.dense_4h_to_h", [E, F], .same),
    ]
    for (from, to, shape, layout) in parts {
      try table.addWithBias("blk.\(layer).\(from)", as: "gpt_neox.layers.\(layer).\(to)", shape, layout)
    }
  }
}

/// The keys that shape a GPT-NeoX.
private struct GPTNeoXHyperparameters {
  let layers, hidden, inner, heads: Int
  /// The number of elements of a head that are rotated.
  let rotated: Int
  let epsilon: Float

  var headSize: Int { hidden / heads }

  init(_ container: GGUFContainer) throws(FormatError) {
    layers = try container.requiredDimension("gptneox.block_count")
    hidden = try container.requiredDimension("gptneox.embedding_length")
    inner = try container.requiredDimension("gptneox.feed_forward_length")
    heads = try container.requiredDimension("gptneox.attention.head_count")
    guard hidden % heads == 0 else {
      throw FormatError(
        .gguf, "\(container.location): gptneox.attention.head_count",
        "does not divide the embedding length \(hidden)", got: "\(heads)")
    }
    rotated = try container.dimension("gptneox.rope.dimension_count") ?? hidden / heads
    guard rotated % 2 == 0, rotated <= hidden / heads else {
      throw FormatError(
        .gguf, "\(container.location): gptneox.rope.dimension_count", "the value is out of range",
        expected: "an even number up to \(hidden / heads)", got: "\(rotated)")
    }
    let epsilonKey = "gptneox.attention.layer_norm_epsilon"
    guard let epsilon = try container.positive(epsilonKey) else { throw container.missing(epsilonKey) }
    self.epsilon = epsilon
  }
}
