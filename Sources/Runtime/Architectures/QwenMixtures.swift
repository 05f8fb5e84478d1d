import Format

/// Qwen2-MoE (Qwen1.5-MoE, Qwen2-57B-A14B) as transformers' `Qwen2MoeForCausalLM` computes it: Qwen2 with mixtures of
/// experts, one of which all tokens go through.
enum Qwen2MoE: LlamaDescendant {
  static let modelTypes = ["qwen2_moe"]

  static func load(_ given: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    let config = given.config
    let biases = LlamaFamily.Biases(queryKeyValue: try config.flag("qkv_bias", default: true))
    let isUsed = try config.flag("use_sliding_window", default: false)
    let last = try config.count("max_window_layers", default: 28)
    let windows = try given.windows(isUsed ? config.count("sliding_window", default: 4096) : nil) {
      $0.isMultiple(of: 2) && $0 < last
    }
    return try given.qwenMixtures(
      sharedWidth: config.count("shared_expert_intermediate_size", default: 5632), chosen: 4, windows: windows,
      biases: biases, hasHeadNorms: false, pool: pool)
  }
}

/// Qwen3-MoE (Qwen3-30B-A3B) as transformers' `Qwen3MoeForCausalLM` computes it: Qwen3 with mixtures of experts.
enum Qwen3MoE: LlamaDescendant {
  static let modelTypes = ["qwen3_moe"]

  static func load(_ given: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    let isUsed = try given.config.flag("use_sliding_window", default: false)
    let window = isUsed ? try given.config.optionalCount("sliding_window", ifAbsent: 4096) : nil
    return try given.qwenMixtures(
      sharedWidth: nil, chosen: 8, windows: [Int?](repeating: window, count: given.shape.layers),
      biases: given.biases(inFeedForward: false), hasHeadNorms: true, pool: pool)
  }
}

extension LlamaFamily {
  fileprivate func qwenMixtures(
    sharedWidth: Int?, chosen: Int, windows: [Int?], biases: Biases, hasHeadNorms: Bool, pool: WorkerPool
  ) throws(FormatError) -> Transformer {
    var family = self
    let layers = try sparseLayers()
    let sizes = try mixtureShape(
      widthKey: "moe_intermediate_size", sharedWidth: sharedWidth, layers: layers, chosen: chosen)
    family.shape.mixture = sizes
    let qwen = family
    let style = MixtureStyle(normalizesWeights: try config.flag("norm_topk_prob", default: false))
    let rotary = try config.rotary(width: shape.headWidth)
    return try qwen.transformer(pool: pool) { layer throws(FormatError) in
      var mixture: Mixture?
      if layers.contains(layer) { mixture = try qwen.mixture(layer, style, of: sizes) }
      var block = try qwen.block(layer, rotary: rotary, window: windows[layer], biases: biases, mixture: mixture)
      if hasHeadNorms { try qwen.addHeadNorms(&block, layer: layer) }
      return block
    }
  }
}
