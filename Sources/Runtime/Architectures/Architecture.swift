import Format

/// A family of models, which makes a `Transformer` from a configuration and tensors.
protocol Architecture: Sendable {
  /// The values of `model_type` that the family has.
  static var modelTypes: [String] { get }

  /// - Throws: `FormatError` that names the field or tensor that is missing, out of range or not supported.
  static func load(
    _ checkpoint: Checkpoint, _ config: Configuration, pool: WorkerPool
  ) throws(FormatError) -> Transformer
}

extension Architecture {
  /// The projection to the vocabulary: the tensor `name.weight`, or the embedding where the two are tied.
  static func outputHead(
    _ checkpoint: Checkpoint, _ config: Configuration, embedding: Weights, shape: ModelShape,
    tiedByDefault: Bool = true, name: String = "lm_head"
  ) throws(FormatError) -> Linear {
    if try config.flag("tie_word_embeddings", default: tiedByDefault) {
      return Linear(weights: embedding, layout: .outputsByInputs, bias: nil)
    }
    return try TensorSource(checkpoint: checkpoint, prefix: "").linear(
      name, inputs: shape.width, outputs: shape.vocabulary)
  }
}

extension Transformer {
  /// All architectures; a new one is a file and an entry here.
  private static let architectures: [any Architecture.Type] = [
    GPT2.self,
    GPTNeoX.self,
    Llama.self,
    Mistral.self,
    Phi3.self,
    Qwen2.self,
    Qwen3.self,
    SmolLM3.self,
    OLMo2.self,
    Gemma3.self,
  ]

  /// Makes the model that `checkpoint` and its config.json describe; weights stay in the mapped file.
  ///
  /// - Throws: `FormatError`, of kind `unsupported` for another architecture.
  public static func load(_ checkpoint: Checkpoint, pool: WorkerPool) throws(FormatError) -> Transformer {
    let config = try Configuration(checkpoint)
    let type = config.root["model_type"]?.string
    guard let type, let architecture = architectures.first(where: { $0.modelTypes.contains(type) }) else {
      throw FormatError(
        .unsupported, "\(config.root.location): model_type", "this architecture is not supported",
        expected: architectures.flatMap { $0.modelTypes }.joined(separator: " or "),
        got: config.root["model_type"]?.kindDescription ?? "nothing")
    }
    try config.requireReadableWeights()
    return try architecture.load(checkpoint, config, pool: pool)
  }
}
