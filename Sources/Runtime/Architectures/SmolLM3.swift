import Format

/// SmolLM3 as transformers' `SmolLM3ForCausalLM` computes it: Llama in which some layers are told no positions.
enum SmolLM3: Architecture {
  static let modelTypes = ["smollm3"]

  static func load(
    _ checkpoint: Checkpoint, _ config: Configuration, pool: WorkerPool
  ) throws(FormatError) -> Transformer {
    _ = try config.require("hidden_act", isOneOf: ["silu"], default: "silu")
    let family = try LlamaFamily(checkpoint, config)
    let attentionBias = try config.flag("attention_bias", default: false)
    let biases = LlamaFamily.Biases(
      queryKeyValue: attentionBias, attentionOutput: attentionBias,
      feedForward: try config.flag("mlp_bias", default: false))
    let rotary = try config.rotary(width: family.shape.headWidth, base: 2_000_000)
    let isRotated = try rotatedLayers(config, family.shape.layers)
    let isUsed = try config.flag("use_sliding_window", default: false)
    let windows = try family.windows(isUsed ? config.optionalCount("sliding_window") : nil) { !isRotated[$0] }
    return try family.transformer(tiedByDefault: true, pool: pool) { layer throws(FormatError) in
      try family.block(layer, rotary: isRotated[layer] ? rotary : nil, window: windows[layer], biases: biases)
    }
  }

  /// `no_rope_layers` has 1 for the layers that are told positions; else every `no_rope_layer_interval`th is not.
  private static func rotatedLayers(_ config: Configuration, _ layers: Int) throws(FormatError) -> [Bool] {
    guard let list = config.root["no_rope_layers"], !list.isNull else {
      let interval = try config.count("no_rope_layer_interval", default: 4)
      return (0..<layers).map { ($0 + 1) % interval != 0 }
    }
    let flags = list.elements.compactMap { $0.int ?? $0.bool.map { $0 ? 1 : 0 } }
    guard flags.count >= layers, flags.count == list.count else {
      throw FormatError(.config, list.place, "wrong value", expected: "0 or 1 for each of \(layers) layers")
    }
    return flags.prefix(layers).map { $0 != 0 }
  }
}
