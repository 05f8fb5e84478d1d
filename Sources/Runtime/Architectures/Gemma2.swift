import Format
import Kernels

/// Gemma 2 (Gemma Team 2024) as transformers' `Gemma2ForCausalLM` computes it: Gemma with norms also behind attention and
/// feed-forward, scores and logits that are capped softly, and a window in every other layer.
enum Gemma2: GemmaDescendant {
  static let modelTypes = ["gemma2"]

  static func load(_ given: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    var family = given
    try family.addGemmaNorms()
    family.shape.scoreCap = try family.config.cap("attn_logit_softcapping", default: 50)
    family.logitCap = try family.config.cap("final_logit_softcapping", default: 30)
    let gemma = family
    let biases = try gemma.biases(inFeedForward: false)
    let rotary = try gemma.config.rotary(width: gemma.shape.headWidth)
    let windows = try gemma.windows(try gemma.config.optionalCount("sliding_window", ifAbsent: 4096)) {
      $0.isMultiple(of: 2)
    }
    return try gemma.transformer(tiedByDefault: true, pool: pool) { layer throws(FormatError) in
      try gemma.block(layer, rotary: rotary, window: windows[layer], biases: biases)
    }
  }
}

extension Configuration {
  /// The bound of a soft cap; nil where it is null, the default where it is absent.
  func cap(_ key: String, default fallback: Float? = nil) throws(FormatError) -> Float? {
    guard let value = root[key] else { return fallback }
    return value.isNull ? nil : try positive(key)
  }
}
