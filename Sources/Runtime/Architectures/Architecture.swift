import Format

/// A family of models, which makes a `Transformer` from a configuration and tensors.
protocol Architecture: Sendable {
  /// The values of `model_type` that the family has.
  static var modelTypes: [String] { get }

  /// What transformers calls the model without its head, where it saves tensors.
  static var prefix: String { get }

  /// - Throws: `FormatError` that names the field or tensor that is missing, out of range or not supported.
  static func load(_ source: TensorSource, _ config: Configuration, pool: WorkerPool) throws(FormatError) -> Transformer
}

extension Architecture {
  static var prefix: String { "model" }
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
  package static func load(_ checkpoint: Checkpoint, pool: WorkerPool) throws(FormatError) -> Transformer {
    var config = try Configuration(checkpoint)
    func isKnown(_ config: Configuration) -> Bool {
      architectures.contains { $0.modelTypes.contains(config.root["model_type"]?.string ?? "") }
    }
    if !isKnown(config), let text = try config.textPart(), isKnown(text) { config = text }
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
    let tensors = ModelTensors(checkpoint)
    let source = TensorSource(tensors: tensors, prefix: architecture.prefix + ".")
    let transformer = try architecture.load(source, config, pool: pool)
    transformer.warnOfOtherFrequencies(tensors)
    tensors.warnOfTheRest()
    transformer.warnings = tensors.warnings
    let (fields, isPart) = config.published
    transformer.published = PublishedModel(names: tensors.names, configuration: fields, isPart: isPart)
    return transformer
  }
}
