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
    Ministral.self,
    Mixtral.self,
    Phi.self,
    Phi3.self,
    Qwen2.self,
    Qwen2MoE.self,
    Qwen3.self,
    Qwen3MoE.self,
    SmolLM3.self,
    OLMo.self,
    OLMo2.self,
    OLMo3.self,
    Gemma.self,
    Gemma2.self,
    Gemma3.self,
    Granite.self,
    Cohere.self,
    Cohere2.self,
    Starcoder2.self,
    StableLM.self,
    GLM.self,
    GLM4.self,
    Nemotron.self,
    Arcee.self,
    ERNIE45.self,
    EXAONE4.self,
    SeedOSS.self,
    Helium.self,
  ]

  /// Makes the model that `checkpoint` and its config.json describe; weights stay in the mapped file.
  ///
  /// - Throws: `FormatError`, of kind `unsupported` for another architecture.
  public static func load(_ checkpoint: Checkpoint, pool: WorkerPool) throws(FormatError) -> Transformer {
    let config = try Configuration(checkpoint)
    let type = config.root["model_type"]?.string
    guard let type, let architecture = architectures.first(where: { $0.modelTypes.contains(type) }) else {
      let known = architectures.flatMap { $0.modelTypes }
      let nearest = type.flatMap { NearestArchitecture(of: checkpoint, type: $0, among: known).type }
      throw FormatError(
        .unsupported, "\(config.root.location): model_type", "this architecture is not supported",
        expected: nearest.map { "a supported one, the nearest of which is \($0)" } ?? known.joined(separator: " or "),
        got: config.root["model_type"]?.kindDescription ?? "nothing")
    }
    try config.requireReadableWeights()
    return try architecture.load(checkpoint, config, pool: pool)
  }
}
