import Format

/// Qwen2 and 2.5 as transformers' `Qwen2ForCausalLM` computes it: Llama with biases on queries, keys and values, and a
/// window in the later layers where the configuration says so.
enum Qwen2: LlamaDescendant {
  static let modelTypes = ["qwen2"]

  static func load(_ family: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    let rotary = try family.config.rotary(width: family.shape.headWidth)
    let windows = try family.qwenWindows()
    return try family.transformer(pool: pool) { layer throws(FormatError) in
      try family.block(layer, rotary: rotary, window: windows[layer], biases: .init(queryKeyValue: true))
    }
  }
}

extension LlamaFamily {
  /// The window of each layer: where `use_sliding_window`, for layers by `layer_types`, or from `max_window_layers` on.
  func qwenWindows() throws(FormatError) -> [Int?] {
    let isUsed = try config.flag("use_sliding_window", default: false)
    let first =
      try config.root["max_window_layers"]?.int == 0 ? 0 : config.count("max_window_layers", default: 28)
    return try windows(isUsed ? config.count("sliding_window", default: 4096) : nil) { $0 >= first }
  }
}
