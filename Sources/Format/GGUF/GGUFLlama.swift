extension GGUFModel {
  /// Llama (llama.cpp `src/models/llama.cpp`, transformers `LlamaForCausalLM`).
  ///
  /// With hidden size E, V tokens, H heads and K key–value heads of D, inner size F, each layer has q `(H·D, E)`,
  /// k and v `(K·D, E)`, o `(E, H·D)`, gate and up `(F, E)`, down `(E, F)` and two norms `(E)`.
  static func llama(_ container: GGUFContainer) throws(FormatError) -> GGUFModel {
    let hyper = try LlamaHyperparameters(container)
    var table = GGUFTensorTable(container)
    let vocabulary = try table.rows("token_embd.weight")
    if let claimed = try container.dimension("llama.vocab_size"), claimed != vocabulary {
      throw FormatError(
        .gguf, "\(container.place): llama.vocab_size", "does not fit the embedding",
        expected: "\(vocabulary)", got: "\(claimed)")
    }
    let E = hyper.hidden
    try table.add("token_embd.weight", as: "model.embed_tokens.weight", [vocabulary, E])
    try table.add("output_norm.weight", as: "model.norm.weight", [E])
    let tied = !table.has("output.weight")
    if !tied { try table.add("output.weight", as: "lm_head.weight", [vocabulary, E]) }
    let attentionBias = table.has("blk.0.attn_q.bias")
    let innerBias = table.has("blk.0.ffn_up.bias")
    for layer in 0..<hyper.layers {
      try addLayer(layer, hyper, attentionBias: attentionBias, innerBias: innerBias, to: &table)
    }
    return GGUFModel(
      entries: try table.finish(),
      config: try hyper.config(
        container, vocabulary: vocabulary, tied: tied, attentionBias: attentionBias, innerBias: innerBias))
  }

  private static func addLayer(
    _ layer: Int, _ hyper: LlamaHyperparameters, attentionBias: Bool, innerBias: Bool,
    to table: inout GGUFTensorTable
  ) throws(FormatError) {
    let (E, F) = (hyper.hidden, hyper.inner)
    let (Q, K) = (hyper.heads * hyper.headSize, hyper.keyValueHeads * hyper.headSize)
    let source = "blk.\(layer)"
    let target = "model.layers.\(layer)"
    let projections: [(String, String, Int, Int, GGUFLayout, Bool)] = [
      ("attn_q", "self_attn.q_proj", Q, E, .interleavedHeads(hyper.heads), attentionBias),
      ("attn_k", "self_attn.k_proj", K, E, .interleavedHeads(hyper.keyValueHeads), attentionBias),
      ("attn_v", "self_attn.v_proj", K, E, .same, attentionBias),
      ("attn_output", "self_attn.o_proj", E, Q, .same, attentionBias),
      ("ffn_gate", "mlp.gate_proj", F, E, .same, innerBias),
      ("ffn_up", "mlp.up_proj", F, E, .same, innerBias),
      ("ffn_down", "mlp.down_proj", E, F, .same, innerBias),
    ]
    for (from, to, rows, columns, layout, bias) in projections {
      try table.add("\(source).\(from).weight", as: "\(target).\(to).weight", [rows, columns], layout)
      if bias { try table.add("\(source).\(from).bias", as: "\(target).\(to).bias", [rows], layout) }
    }
    try table.add("\(source).attn_norm.weight", as: "\(target).input_layernorm.weight", [E])
    try table.add("\(source).ffn_norm.weight", as: "\(target).post_attention_layernorm.weight", [E])
  }
}

/// The `llama.` keys that shape the model.
private struct LlamaHyperparameters {
  let layers, hidden, inner, heads, keyValueHeads, headSize, positions: Int
  let epsilon, ropeBase: Float

  init(_ container: GGUFContainer) throws(FormatError) {
    layers = try container.requiredDimension("llama.block_count")
    hidden = try container.requiredDimension("llama.embedding_length")
    inner = try container.requiredDimension("llama.feed_forward_length")
    positions = try container.requiredDimension("llama.context_length")
    heads = try container.requiredDimension("llama.attention.head_count")
    keyValueHeads = try container.dimension("llama.attention.head_count_kv") ?? heads
    guard heads % keyValueHeads == 0 else {
      throw FormatError(
        .gguf, "\(container.place): llama.attention.head_count_kv", "does not divide the \(heads) heads",
        got: "\(keyValueHeads)")
    }
    headSize = try Self.headSize(container, hidden: hidden, heads: heads)
    let epsilonKey = "llama.attention.layer_norm_rms_epsilon"
    guard let epsilon = try container.positive(epsilonKey) else { throw container.missing(epsilonKey) }
    self.epsilon = epsilon
    ropeBase = try container.positive("llama.rope.freq_base") ?? 10000
  }

  /// The size of a head, which must be even and wholly rotated, for keys and values alike.
  private static func headSize(
    _ container: GGUFContainer, hidden: Int, heads: Int
  ) throws(FormatError) -> Int {
    let rotated = try container.dimension("llama.rope.dimension_count")
    guard
      let size = try container.dimension("llama.attention.key_length") ?? rotated
        ?? (hidden % heads == 0 ? hidden / heads : nil)
    else {
      throw FormatError(
        .gguf, "\(container.place): llama.attention.head_count",
        "does not divide the embedding length \(hidden)", got: "\(heads)")
    }
    guard size % 2 == 0 else {
      throw FormatError(.gguf, container.place, "the size of a head is odd", got: "\(size)")
    }
    for key in ["llama.rope.dimension_count", "llama.attention.value_length"] {
      guard let other = try container.dimension(key), other != size else { continue }
      throw FormatError(
        .gguf, "\(container.place): \(key)", "differs from the size of a head", expected: "\(size)",
        got: "\(other)")
    }
    return size
  }

  /// config.json as transformers' `LlamaConfig` reads it.
  func config(
    _ container: GGUFContainer, vocabulary: Int, tied: Bool, attentionBias: Bool, innerBias: Bool
  ) throws(FormatError) -> [(String, JSONNode)] {
    var config: [(String, JSONNode)] = [
      ("architectures", ["LlamaForCausalLM"]), ("model_type", "llama"), ("hidden_size", .int(hidden)),
      ("intermediate_size", .int(inner)), ("num_hidden_layers", .int(layers)),
      ("num_attention_heads", .int(heads)), ("num_key_value_heads", .int(keyValueHeads)),
    ]
    if headSize * heads != hidden { config.append(("head_dim", .int(headSize))) }
    config += [
      ("vocab_size", .int(vocabulary)), ("max_position_embeddings", .int(positions)),
      ("rms_norm_eps", .float(epsilon)), ("hidden_act", "silu"), ("rope_theta", .float(ropeBase)),
    ]
    if let factor = try Self.ropeFactor(container) {
      config.append(("rope_scaling", ["rope_type": "linear", "factor": .float(factor)]))
    }
    config += [
      ("tie_word_embeddings", .bool(tied)), ("attention_bias", .bool(attentionBias)),
      ("mlp_bias", .bool(innerBias)),
    ]
    return config + (try container.specialTokens(vocabulary: vocabulary))
  }

  /// The factor by which positions are stretched; nil where they are not.
  private static func ropeFactor(_ container: GGUFContainer) throws(FormatError) -> Float? {
    let key = "llama.rope.scaling.type"
    var factor = try container.positive("llama.rope.scaling.factor")
    if factor == nil { factor = try container.positive("llama.rope.scale_linear") }
    switch try container.string(key) {
    case "none": return nil
    case nil, "linear": return factor == 1 ? nil : factor
    case let other?:
      throw FormatError(
        .gguf, "\(container.place): \(key)", "the scaling of positions is not supported",
        expected: "none or linear", got: other)
    }
  }
}

extension GGUFContainer {
  /// `bos_token_id`, `eos_token_id` and `pad_token_id` of config.json: those that the file has and the vocabulary
  /// too. Files say −1 or one past the end where a model has no such token.
  func specialTokens(vocabulary: Int) throws(FormatError) -> [(String, JSONNode)] {
    var result: [(String, JSONNode)] = []
    for (key, name) in [("bos", "bos"), ("eos", "eos"), ("padding", "pad")] {
      guard let id = try integer("tokenizer.ggml.\(key)_token_id"), 0..<vocabulary ~= id else { continue }
      result.append(("\(name)_token_id", .int(id)))
    }
    return result
  }
}
