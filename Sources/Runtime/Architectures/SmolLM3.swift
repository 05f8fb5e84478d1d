import Format

/// SmolLM3 as transformers' `SmolLM3ForCausalLM` computes it: Llama with some layers that are told no positions.
enum SmolLM3: LlamaDescendant {
  static let modelTypes = ["smollm3"]

  static func load(_ family: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    let biases = try family.biases()
    let rotary = try family.config.rotary(width: family.shape.headWidth, base: 2_000_000)
    let isRotated = try family.rotatedLayers()
    let isUsed = try family.config.flag("use_sliding_window", default: false)
    let windows = try family.windows(isUsed ? family.config.optionalCount("sliding_window") : nil) { !isRotated[$0] }
    return try family.transformer(tiedByDefault: true, pool: pool) { layer throws(FormatError) in
      try family.block(layer, rotary: isRotated[layer] ? rotary : nil, window: windows[layer], biases: biases)
    }
  }
}

extension LlamaFamily {
  /// Whether each layer is told positions: by `no_rope_layers` (1 if so), else all but each `no_rope_layer_interval`th.
  fileprivate func rotatedLayers() throws(FormatError) -> [Bool] {
    guard let list = config.root["no_rope_layers"], !list.isNull else {
      let interval = try config.count("no_rope_layer_interval", default: 4)
      return (0..<shape.layers).map { ($0 + 1) % interval != 0 }
    }
    let flags = list.elements.compactMap { $0.int ?? $0.bool.map { $0 ? 1 : 0 } }
    guard flags.count >= shape.layers, flags.count == list.count else {
      throw FormatError(.config, list.location, "wrong value", expected: "0 or 1 for each of \(shape.layers) layers")
    }
    return flags.prefix(shape.layers).map { $0 != 0 }
  }
}
