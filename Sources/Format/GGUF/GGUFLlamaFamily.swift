/// The form in which llama.cpp writes an architecture that descends from Llama (llama.cpp `src/models/`, transformers'
/// modules of the same names).
struct GGUFLlamaFamily: Sendable {
  /// llama.cpp's name of the architecture, which its keys begin with.
  var name: String
  var modelType: String
  var className: String
  /// Whether rows of queries and keys are stored pair by pair.
  var isInterleaved = false
  /// Whether queries, keys and values are one tensor, gate and up another.
  var isFused = false
  /// Whether the attention's output has a bias where its inputs have one.
  var hasOutputBias = true
  /// The width of the norms of queries and keys; nil where there are none.
  var headNorms: HeadNorms?
  /// The norms of a layer by both names.
  var norms = [("attn_norm", "input_layernorm"), ("ffn_norm", "post_attention_layernorm")]
  /// The layout of the norms' weights.
  var normLayout = GGUFLayout.same
  var activation = (key: "hidden_act", name: "silu")
  /// The keys that `fields` reads and that other families do not have.
  var ownKeys: [String] = []
  /// The fields of config.json beyond those that all families have.
  var fields: @Sendable (GGUFHyperparameters, GGUFContainer) throws(FormatError) -> [(String, JSONNode)] = {
    (_, _) throws(FormatError) in []
  }

  enum HeadNorms: Sendable {
    case oneHead, allHeads
  }

  static let all = [
    GGUFLlamaFamily(name: "llama", modelType: "llama", className: "LlamaForCausalLM", isInterleaved: true),
    GGUFLlamaFamily(name: "qwen2", modelType: "qwen2", className: "Qwen2ForCausalLM", hasOutputBias: false),
    GGUFLlamaFamily(name: "qwen3", modelType: "qwen3", className: "Qwen3ForCausalLM", headNorms: .oneHead),
    GGUFLlamaFamily(
      name: "smollm3", modelType: "smollm3", className: "SmolLM3ForCausalLM", isInterleaved: true,
      fields: { (_, _) throws(FormatError) in [("no_rope_layer_interval", 4), ("use_sliding_window", false)] }),
    GGUFLlamaFamily(
      name: "olmo2", modelType: "olmo2", className: "Olmo2ForCausalLM", headNorms: .allHeads,
      norms: [("post_attention_norm", "post_attention_layernorm"), ("post_ffw_norm", "post_feedforward_layernorm")]),
    GGUFLlamaFamily(
      name: "phi3", modelType: "phi3", className: "Phi3ForCausalLM", isFused: true,
      ownKeys: ["attention.sliding_window"],
      fields: { (hyper, container) throws(FormatError) in
        let window = try container.dimensionUnlessZero("phi3.attention.sliding_window")
        return [("sliding_window", window.map { .int($0) } ?? .null)]
      }),
    GGUFLlamaFamily(
      name: "gemma3", modelType: "gemma3_text", className: "Gemma3ForCausalLM", headNorms: .oneHead,
      norms: [
        ("attn_norm", "input_layernorm"), ("post_attention_norm", "post_attention_layernorm"),
        ("ffn_norm", "pre_feedforward_layernorm"), ("post_ffw_norm", "post_feedforward_layernorm"),
      ], normLayout: .lessOne, activation: ("hidden_activation", "gelu_pytorch_tanh"),
      ownKeys: ["attention.sliding_window", "attn_logit_softcapping", "final_logit_softcapping"], fields: gemma3),
  ]

  @Sendable
  private static func gemma3(
    _ hyper: GGUFHyperparameters, _ container: GGUFContainer
  ) throws(FormatError) -> [(String, JSONNode)] {
    // The file does not say it; llama.cpp tells the largest model by its number of layers.
    let scalar = hyper.layers == 62 ? hyper.hidden / hyper.heads : hyper.headSize
    var fields: [(String, JSONNode)] = [
      ("query_pre_attn_scalar", .int(scalar)),
      ("sliding_window", .int(try container.requiredDimension("gemma3.attention.sliding_window"))),
      try slidingPattern(container, layers: hyper.layers),
      ("rope_local_base_freq", .float(try container.positive("gemma3.rope.freq_base_swa") ?? 10000)),
    ]
    for key in ["attn_logit_softcapping", "final_logit_softcapping"] {
      if let cap = try container.positiveUnlessZero("gemma3.\(key)") { fields.append((key, .float(cap))) }
    }
    return fields
  }

  /// Which layers have a window: all but each n-th, or a Boolean for each layer.
  private static func slidingPattern(
    _ container: GGUFContainer, layers: Int
  ) throws(FormatError) -> (String, JSONNode) {
    let key = "gemma3.attention.sliding_window_pattern"
    guard let each = try container.bools(key) else {
      return ("sliding_window_pattern", .int(try container.dimension(key) ?? 6))
    }
    guard each.count == layers else {
      throw FormatError(
        .gguf, "\(container.location): \(key)", "not one for each layer", expected: "\(layers)", got: "\(each.count)")
    }
    return ("layer_types", .array(each.map { .string($0 ? "sliding_attention" : "full_attention") }))
  }

  /// With hidden size E, V tokens, H heads and K key–value heads of D, inner size F, each layer has q `(H·D, E)`,
  /// k and v `(K·D, E)`, o `(E, H·D)`, gate and up `(F, E)`, down `(E, F)` and norms.
  func model(_ container: GGUFContainer) throws(FormatError) -> GGUFModel {
    let hyper = try GGUFHyperparameters(container, name)
    guard hyper.rotated == hyper.headSize || !isInterleaved else {
      throw FormatError(
        .gguf, "\(container.location): \(name).rope.dimension_count", "differs from the size of a head",
        expected: "\(hyper.headSize)", got: "\(hyper.rotated)")
    }
    try GGUFNeutralKeys(
      container: container, architecture: name, headSize: hyper.headSize, positions: hyper.positions
    ).check(except: ownKeys)
    var table = GGUFTensorTable(container)
    let vocabulary = try table.rows("token_embd.weight")
    if let claimed = try container.dimension("\(name).vocab_size"), claimed != vocabulary {
      throw FormatError(
        .gguf, "\(container.location): \(name).vocab_size", "does not fit the embedding",
        expected: "\(vocabulary)", got: "\(claimed)")
    }
    let E = hyper.hidden
    try table.add("token_embd.weight", as: "model.embed_tokens.weight", [vocabulary, E])
    try table.add("output_norm.weight", as: "model.norm.weight", [E], normLayout)
    let isTied = !table.has("output.weight")
    if !isTied { try table.add("output.weight", as: "lm_head.weight", [vocabulary, E]) }
    let hasAttentionBias = table.has("blk.0.attn_q.bias")
    let hasInnerBias = table.has("blk.0.ffn_up.bias")
    for layer in 0..<hyper.layers {
      try addLayer(layer, hyper, attentionBias: hasAttentionBias, innerBias: hasInnerBias, to: &table)
    }
    var config = shapeConfig(hyper, vocabulary: vocabulary)
    if let scaling = try hyper.ropeScaling(&table) { config.append(("rope_scaling", scaling)) }
    config += [
      ("tie_word_embeddings", .bool(isTied)), ("attention_bias", .bool(hasAttentionBias)),
      ("mlp_bias", .bool(hasInnerBias)),
    ]
    config += try fields(hyper, container)
    config += try container.specialTokens(vocabulary: vocabulary)
    return GGUFModel(entries: try table.finish(), config: config)
  }

  /// The fields of config.json that follow from the hyperparameters.
  private func shapeConfig(_ hyper: GGUFHyperparameters, vocabulary: Int) -> [(String, JSONNode)] {
    var config: [(String, JSONNode)] = [
      ("architectures", [.string(className)]), ("model_type", .string(modelType)),
      ("hidden_size", .int(hyper.hidden)), ("intermediate_size", .int(hyper.inner)),
      ("num_hidden_layers", .int(hyper.layers)), ("num_attention_heads", .int(hyper.heads)),
      ("num_key_value_heads", .int(hyper.keyValueHeads)),
    ]
    // Some families have a default of their own.
    if hyper.headSize * hyper.heads != hyper.hidden || headNorms == .oneHead {
      config.append(("head_dim", .int(hyper.headSize)))
    }
    config += [
      ("vocab_size", .int(vocabulary)), ("max_position_embeddings", .int(hyper.positions)),
      ("rms_norm_eps", .float(hyper.epsilon)), (activation.key, .string(activation.name)),
      ("rope_theta", .float(hyper.ropeBase)),
    ]
    if hyper.rotated != hyper.headSize {
      config.append(("partial_rotary_factor", .double(Double(hyper.rotated) / Double(hyper.headSize))))
    }
    return config
  }

  private func addLayer(
    _ layer: Int, _ hyper: GGUFHyperparameters, attentionBias: Bool, innerBias: Bool,
    to table: inout GGUFTensorTable
  ) throws(FormatError) {
    let (E, F) = (hyper.hidden, hyper.inner)
    let (Q, K) = (hyper.heads * hyper.headSize, hyper.keyValueHeads * hyper.headSize)
    let source = "blk.\(layer)"
    let target = "model.layers.\(layer)"
    func heads(_ count: Int) -> GGUFLayout { isInterleaved ? .interleavedHeads(count) : .same }
    let inputs: [(String, String, Int, Int, GGUFLayout, Bool)] =
      isFused
      ? [
        ("attn_qkv", "self_attn.qkv_proj", Q + 2 * K, E, .same, attentionBias),
        ("ffn_up", "mlp.gate_up_proj", 2 * F, E, .same, innerBias),
      ]
      : [
        ("attn_q", "self_attn.q_proj", Q, E, heads(hyper.heads), attentionBias),
        ("attn_k", "self_attn.k_proj", K, E, heads(hyper.keyValueHeads), attentionBias),
        ("attn_v", "self_attn.v_proj", K, E, .same, attentionBias),
        ("ffn_gate", "mlp.gate_proj", F, E, .same, innerBias), ("ffn_up", "mlp.up_proj", F, E, .same, innerBias),
      ]
    let outputs: [(String, String, Int, Int, GGUFLayout, Bool)] = [
      ("attn_output", "self_attn.o_proj", E, Q, .same, attentionBias && hasOutputBias),
      ("ffn_down", "mlp.down_proj", E, F, .same, innerBias),
    ]
    for (from, to, rows, columns, layout, bias) in inputs + outputs {
      try table.add("\(source).\(from).weight", as: "\(target).\(to).weight", [rows, columns], layout)
      if bias { try table.add("\(source).\(from).bias", as: "\(target).\(to).bias", [rows], layout) }
    }
    for (from, to) in norms {
      try table.add("\(source).\(from).weight", as: "\(target).\(to).weight", [E], normLayout)
    }
    guard let headNorms else { return }
    for (part, width) in [("q", Q), ("k", K)] {
      try table.add(
        "\(source).attn_\(part)_norm.weight", as: "\(target).self_attn.\(part)_norm.weight",
        [headNorms == .oneHead ? hyper.headSize : width], normLayout)
    }
  }
}
