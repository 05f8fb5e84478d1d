import Format
import Kernels

/// Nemotron-4 and Minitron (Parmar et al. 2024) as transformers' `NemotronForCausalLM` computes them: Llama with layer norms
/// that multiply by 1 + weight, one hidden layer with relu², and only a part of each head rotated.
enum Nemotron: LlamaDescendant {
  static let modelTypes = ["nemotron"]
  static let epsilon: (key: String, default: Float) = ("norm_eps", 1e-5)
  static let activation = "relu2"

  static func load(_ given: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    var family = given
    family.norms.kind = .layer
    (family.norms.hasBias, family.norms.offset) = (true, 1)
    return try family.withOneHiddenLayer(rotaryPart: 0.5, pool: pool)
  }
}

/// Arcee's AFM as transformers' `ArceeForCausalLM` computes it: Llama with one hidden layer with relu².
enum Arcee: LlamaDescendant {
  static let modelTypes = ["arcee"]
  static let epsilon: (key: String, default: Float) = ("rms_norm_eps", 1e-5)
  static let activation = "relu2"

  static func load(_ family: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    try family.withOneHiddenLayer(rotaryPart: 1, pool: pool)
  }
}

extension LlamaFamily {
  /// The model of blocks whose feed-forward has no gate.
  fileprivate func withOneHiddenLayer(rotaryPart: Float, pool: WorkerPool) throws(FormatError) -> Transformer {
    var family = self
    family.names.feedForwardInput = ["mlp.up_proj"]
    family.shape.isGated = false
    let plain = family
    let biases = try biases()
    let rotary = try config.rotary(width: shape.headWidth, part: rotaryPart)
    return try plain.transformer(pool: pool) { layer throws(FormatError) in
      try plain.block(layer, rotary: rotary, biases: biases)
    }
  }
}
