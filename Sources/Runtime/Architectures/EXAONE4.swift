import Format

/// EXAONE 4 (LG AI Research 2025) as transformers' `Exaone4ForCausalLM` computes it: Llama with norms behind attention and
/// feed-forward instead of before, and of queries and keys per head. Of a model with windows, layers without are told no
/// positions.
enum EXAONE4: LlamaDescendant {
  static let modelTypes = ["exaone4"]
  static let epsilon: (key: String, default: Float) = ("rms_norm_eps", 1e-5)

  static func load(_ given: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    var family = given
    family.putNormsBehind()
    let (exaone, config) = (family, family.config)
    let rotary = try config.rotary(width: exaone.shape.headWidth)
    let window = try config.optionalCount("sliding_window", ifAbsent: 4096)
    var windows = [Int?](repeating: nil, count: exaone.shape.layers)
    if let window {
      // Published files spell the pattern as letters, and the layers' kinds beside it.
      let pattern =
        try config.root["layer_types"]?.isArray == true ? 4 : config.count("sliding_window_pattern", default: 4)
      windows = try exaone.windows(window) { ($0 + 1) % pattern != 0 }
    }
    return try exaone.transformer(pool: pool) { layer throws(FormatError) in
      let isRotated = window == nil || windows[layer] != nil
      var block = try exaone.block(layer, rotary: isRotated ? rotary : nil, window: windows[layer])
      try exaone.addHeadNorms(&block, layer: layer)
      return block
    }
  }
}
