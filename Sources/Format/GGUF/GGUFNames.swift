/// What a GGUF file calls the things that were read from it under transformers' names, for error messages.
struct GGUFNames: Sendable {
  /// llama.cpp's name of the architecture, which keys begin with.
  let architecture: String
  /// The tensors by the checkpoint's names.
  let tensors: [ByteString: GGUFTensorInfo]

  init(_ model: GGUFModel) {
    architecture = model.architecture
    tensors = Dictionary(model.entries.map { ($0.name, $0.source) }, uniquingKeysWith: { first, _ in first })
  }

  /// The keys of fields; `%` stands for the architecture, and a name that is no key for a tensor.
  private static let keys = [
    "config.json": "general.architecture",
    "config.json: model_type": "general.architecture",
    "config.json: hidden_size": "%.embedding_length", "config.json: n_embd": "%.embedding_length",
    "config.json: intermediate_size": "%.feed_forward_length", "config.json: n_inner": "%.feed_forward_length",
    "config.json: num_hidden_layers": "%.block_count", "config.json: n_layer": "%.block_count",
    "config.json: num_attention_heads": "%.attention.head_count", "config.json: n_head": "%.attention.head_count",
    "config.json: num_key_value_heads": "%.attention.head_count_kv",
    "config.json: head_dim": "%.attention.key_length",
    "config.json: vocab_size": "tensor token_embd.weight", "config.json: n_positions": "tensor position_embd.weight",
    "config.json: max_position_embeddings": "%.context_length",
    "config.json: rms_norm_eps": "%.attention.layer_norm_rms_epsilon",
    "config.json: layer_norm_eps": "%.attention.layer_norm_epsilon",
    "config.json: layer_norm_epsilon": "%.attention.layer_norm_epsilon",
    "config.json: rope_theta": "%.rope.freq_base", "config.json: rotary_emb_base": "%.rope.freq_base",
    "config.json: rope_local_base_freq": "%.rope.freq_base_swa",
    "config.json: partial_rotary_factor": "%.rope.dimension_count",
    "config.json: rotary_pct": "%.rope.dimension_count",
    "config.json: rope_scaling": "%.rope.scaling",
    "config.json: rope_scaling.rope_type": "%.rope.scaling.type",
    "config.json: rope_scaling: rope_type": "%.rope.scaling.type",
    "config.json: rope_scaling.attention_factor": "%.rope.scaling.attn_factor",
    "config.json: rope_scaling.original_max_position_embeddings": "%.rope.scaling.original_context_length",
    "config.json: rope_scaling.short_factor": "tensor rope_factors_short.weight",
    "config.json: rope_scaling.long_factor": "tensor rope_factors_long.weight",
    "config.json: sliding_window": "%.attention.sliding_window",
    "config.json: sliding_window_pattern": "%.attention.sliding_window_pattern",
    "config.json: attn_logit_softcapping": "%.attn_logit_softcapping",
    "config.json: final_logit_softcapping": "%.final_logit_softcapping",
    "config.json: use_parallel_residual": "%.use_parallel_residual",
    "config.json: eos_token_id": "tokenizer.ggml.eos_token_id",
    "tokenizer.json": "tokenizer.ggml.tokens",
    "tokenizer.json: model.vocab": "tokenizer.ggml.tokens",
    "tokenizer.json: model.merges": "tokenizer.ggml.merges",
    "tokenizer.json: added_tokens": "tokenizer.ggml.token_type",
    "tokenizer.json: pre_tokenizer": "tokenizer.ggml.pre",
    "tokenizer.json: post_processor": "tokenizer.ggml.add_bos_token",
    "tokenizer_config.json": "tokenizer.chat_template",
    "tokenizer_config.json: chat_template": "tokenizer.chat_template",
  ]

  /// The file's own name for a place in the files that are made from it: `config.json: hidden_size`, or a tensor's.
  ///
  /// - Parameter path: the path that was opened, which a place in a tensor's file may be other than.
  func location(_ place: String, in path: String) -> String {
    if place.hasPrefix("tensor ") {
      let name = place.dropFirst("tensor ".count)
      return tensors[ByteString(String(name))]?.location ?? "\(path): \(place)"
    }
    // A field that has no key of its own is named by the one around it, and by its rest.
    var known = place[...]
    while known == place || known.contains(": ") {
      if let key = Self.keys[String(known)] {
        return "\(path): \(key.replacing("%", with: architecture))\(place[known.endIndex...])"
      }
      known = known.lastIndex { ".[:".contains($0) }.map { known[..<$0] } ?? ""
    }
    return "\(path): \(place)"
  }
}
