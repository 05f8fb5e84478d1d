import Foundation

extension GGUFModel {
  /// GPT-2 (llama.cpp `src/models/gpt2.cpp`, transformers `GPT2LMHeadModel`).
  ///
  /// With hidden size E, V tokens, P positions and inner size F, each layer has Conv1D weights `(in, out)`: c_attn
  /// `(E, 3·E)`, attn.c_proj `(E, E)`, c_fc `(E, F)`, mlp.c_proj `(F, E)`, their biases and two norms with biases.
  static func gpt2(_ container: GGUFContainer) throws(FormatError) -> GGUFModel {
    let layers = try container.requiredDimension("gpt2.block_count")
    let E = try container.requiredDimension("gpt2.embedding_length")
    let F = try container.dimension("gpt2.feed_forward_length") ?? 4 * E
    let heads = try container.requiredDimension("gpt2.attention.head_count")
    guard E % heads == 0 else {
      throw FormatError(
        .gguf, "\(container.location): gpt2.attention.head_count", "does not divide the embedding length \(E)",
        got: "\(heads)")
    }
    let epsilonKey = "gpt2.attention.layer_norm_epsilon"
    guard let epsilon = try container.positive(epsilonKey) else { throw container.missing(epsilonKey) }

    var table = GGUFTensorTable(container)
    let vocabulary = try table.rows("token_embd.weight")
    let positions = try table.rows("position_embd.weight")
    try GGUFNeutralKeys(container: container, architecture: "gpt2", headSize: E / heads, positions: positions).check()
    try table.add("token_embd.weight", as: "transformer.wte.weight", [vocabulary, E])
    try table.add("position_embd.weight", as: "transformer.wpe.weight", [positions, E])
    try table.addWithBias("output_norm", as: "transformer.ln_f", [E])
    let tied = try isTied(table)
    if tied {
      table.drop("output.weight")
    } else {
      try table.add("output.weight", as: "lm_head.weight", [vocabulary, E])
    }
    for layer in 0..<layers { try addLayer(layer, E, F, to: &table) }

    let config: [(String, JSONNode)] = [
      ("architectures", ["GPT2LMHeadModel"]), ("model_type", "gpt2"), ("vocab_size", .int(vocabulary)),
      ("n_positions", .int(positions)), ("n_embd", .int(E)), ("n_layer", .int(layers)),
      ("n_head", .int(heads)), ("n_inner", .int(F)), ("activation_function", "gelu_new"),
      ("layer_norm_epsilon", .float(epsilon)), ("tie_word_embeddings", .bool(tied)),
    ]
    let special = try container.specialTokens(vocabulary: vocabulary)
    return GGUFModel(entries: try table.finish(), config: config + special)
  }

  private static func addLayer(
    _ layer: Int, _ E: Int, _ F: Int, to table: inout GGUFTensorTable
  ) throws(FormatError) {
    let source = "blk.\(layer)"
    let target = "transformer.h.\(layer)"
    let convolutions = [
      ("attn_qkv", "attn.c_attn", E, 3 * E), ("attn_output", "attn.c_proj", E, E),
      ("ffn_up", "mlp.c_fc", E, F), ("ffn_down", "mlp.c_proj", F, E),
    ]
    for (from, to, rows, columns) in convolutions {
      try table.add("\(source).\(from).weight", as: "\(target).\(to).weight", [rows, columns], .transposed)
      try table.add("\(source).\(from).bias", as: "\(target).\(to).bias", [columns])
    }
    for (from, to) in [("attn_norm", "ln_1"), ("ffn_norm", "ln_2")] {
      try table.addWithBias("\(source).\(from)", as: "\(target).\(to)", [E])
    }
  }

  /// Whether the output matrix is absent or, as older converters wrote it, equal to the embedding.
  private static func isTied(_ table: GGUFTensorTable) throws(FormatError) -> Bool {
    guard table.has("output.weight") else { return true }
    let output = try table.info("output.weight")
    let embedding = try table.info("token_embd.weight")
    guard output.type == embedding.type, output.shape == embedding.shape, output.range.count > 0 else { return false }
    return output.withBytes { output in
      embedding.withBytes { memcmp(output.baseAddress!, $0.baseAddress!, output.count) == 0 }
    }
  }
}
