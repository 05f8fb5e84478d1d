import Format

/// ERNIE 4.5 (Baidu 2025), dense, as transformers' `Ernie4_5ForCausalLM` computes it: Llama whose rotary positions pair
/// adjacent elements.
enum ERNIE45: LlamaDescendant {
  static let modelTypes = ["ernie4_5"]
  static let headWidth: Int? = 128
  static let epsilon: (key: String, default: Float) = ("rms_norm_eps", 1e-5)

  static func load(_ family: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    let biases: LlamaFamily.Biases = try family.config.flag("use_bias", default: false) ? .all : .none
    let rotary = try family.config.rotary(width: family.shape.headWidth, base: 500_000, layout: .pairs)
    return try family.transformer(tiedByDefault: true, pool: pool) { layer throws(FormatError) in
      try family.block(layer, rotary: rotary, biases: biases)
    }
  }
}
