import Format

/// Helium (Kyutai 2025) as transformers' `HeliumForCausalLM` computes it: Llama whose rotary positions pair adjacent elements.
enum Helium: LlamaDescendant {
  static let modelTypes = ["helium"]
  static let headWidth: Int? = 128
  static let epsilon: (key: String, default: Float) = ("rms_norm_eps", 1e-8)

  static func load(_ family: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    var biases = try family.biases()
    biases.attentionOutput = false
    let rotary = try family.config.rotary(width: family.shape.headWidth, base: 100_000, layout: .pairs)
    return try family.transformer(pool: pool) { layer throws(FormatError) in
      try family.block(layer, rotary: rotary, biases: biases)
    }
  }
}
