import Format
import Kernels

/// StarCoder2 (Lozhkov et al. 2024) as transformers' `Starcoder2ForCausalLM` computes it: Llama with layer norms, biases, one
/// hidden layer with GELU, and a window.
enum Starcoder2: LlamaDescendant {
  static let modelTypes = ["starcoder2"]
  static let epsilon: (key: String, default: Float) = ("norm_epsilon", 1e-5)
  static let activation = "gelu_pytorch_tanh"

  static func load(_ given: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    var family = given
    (family.norms.kind, family.norms.hasBias) = (.layer, true)
    family.names.feedForwardInput = ["mlp.c_fc"]
    family.names.feedForwardOutput = "mlp.c_proj"
    family.shape.isGated = false
    let (starcoder, config) = (family, family.config)
    let biases: LlamaFamily.Biases = try config.flag("use_bias", default: true) ? .all : .none
    let rotary = try config.rotary(width: starcoder.shape.headWidth)
    let window = try config.optionalCount("sliding_window")
    return try starcoder.transformer(tiedByDefault: true, pool: pool) { layer throws(FormatError) in
      try starcoder.block(layer, rotary: rotary, window: window, biases: biases)
    }
  }
}
