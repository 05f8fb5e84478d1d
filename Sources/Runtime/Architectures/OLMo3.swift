import Format

/// OLMo 3 (Olmo Team 2025) as transformers' `Olmo3ForCausalLM` computes it: OLMo 2 with a window in three of four layers.
/// Layers without have scaled rotary positions where the configuration says so.
enum OLMo3: LlamaDescendant {
  static let modelTypes = ["olmo3"]
  static let epsilon = OLMo2.epsilon

  static func load(_ given: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    var family = given
    family.putNormsBehind()
    let (olmo, config, width) = (family, family.config, family.shape.headWidth)
    let biases = try olmo.biases(inFeedForward: false)
    let global = try config.rotary(width: width, layers: "full_attention", base: 500_000)
    let local = try config.rotary(width: width, layers: "sliding_attention", base: 500_000, isScaled: false)
    let sliding = try config.slidingLayers(olmo.shape.layers) ?? (0..<olmo.shape.layers).map { ($0 + 1) % 4 != 0 }
    let window = try config.optionalCount("sliding_window", ifAbsent: 4096)
    return try olmo.transformer(pool: pool) { layer throws(FormatError) in
      var block = try olmo.block(
        layer, rotary: sliding[layer] ? local : global, window: sliding[layer] ? window : nil, biases: biases)
      try olmo.addWholeNorms(&block, layer: layer)
      return block
    }
  }
}
