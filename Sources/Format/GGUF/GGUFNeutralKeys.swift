/// The keys that change what llama.cpp computes and that no architecture here computes with: a file may give each the value
/// that changes nothing.
struct GGUFNeutralKeys {
  let container: GGUFContainer
  /// llama.cpp's name of the architecture, which the keys begin with.
  let architecture: String
  let headSize: Int
  let positions: Int

  private static let zero = [
    // Other kinds of layers.
    "expert_count", "expert_shared_count", "nextn_predict_layers", "attention.shared_kv_layers",
    "attention.q_lora_rank", "attention.kv_lora_rank", "embedding_length_per_layer_input", "pooling_type",
    // Caps, clamps and penalties.
    "attn_logit_softcapping", "final_logit_softcapping", "attention.clamp_kqv", "attention.max_alibi_bias",
    "attention.temperature_length", "attention.temperature_scale",
  ]
  private static let zeroOrOne = [
    "logit_scale", "residual_scale", "embedding_scale", "attention.output_scale", "rope.scaling.alpha",
  ]

  /// Refuses values that change something.
  ///
  /// - Parameter read: the keys, without the architecture in front, that this architecture computes with.
  /// - Throws: `FormatError` of kind `gguf` that names the key.
  func check(except read: [String] = []) throws(FormatError) {
    for key in Self.zero where !read.contains(key) { try require(key, "0") { $0 == 0 } }
    for key in Self.zeroOrOne { try require(key, "0 or 1") { $0 == 0 || $0 == 1 } }
    try requireBool("attention.causal", true)
    try requireBool("use_alibi", false)
    if architecture != "gptneox" { try requireBool("use_parallel_residual", false) }
    let scale = 1 / Double(headSize).squareRoot()
    try require("attention.scale", "0 or \(Float(scale))") { $0 == 0 || abs($0 / scale - 1) < 1e-5 }
    if !read.contains("attention.sliding_window") {
      try require("attention.sliding_window", "0, or at least the \(positions) positions") {
        $0 == 0 || $0 >= Double(positions)
      }
    }
  }

  private func require(_ name: String, _ expected: String, _ isNeutral: (Double) -> Bool) throws(FormatError) {
    let key = "\(architecture).\(name)"
    guard let value = container.metadata[ByteString(key)] else { return }
    let number: Double? =
      switch value {
      case .unsigned(let value): Double(value)
      case .signed(let value): Double(value)
      case .float(let value): Double(value)
      case .double(let value): value
      case .bool(let value): value ? 1 : 0
      default: nil
      }
    guard let number, isNeutral(number) else { throw unsupported(key, expected, value) }
  }

  private func requireBool(_ name: String, _ expected: Bool) throws(FormatError) {
    let key = "\(architecture).\(name)"
    guard let value = try container.bool(key), value != expected else { return }
    throw unsupported(key, "\(expected)", .bool(value))
  }

  private func unsupported(_ key: String, _ expected: String, _ value: GGUFValue) -> FormatError {
    FormatError(
      .gguf, "\(container.location): \(key)", "not supported with the architecture \(architecture)", expected: expected,
      got: value.kindDescription)
  }
}
