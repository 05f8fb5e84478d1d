/// The content of a GGUF file in the terms of a Hugging Face checkpoint.
struct GGUFModel: Sendable {
  /// A tensor of the checkpoint and its source in the file.
  struct Entry: Sendable {
    var name: ByteString
    /// The checkpoint's shape.
    var shape: [Int]
    var source: GGUFTensorInfo
    var layout: GGUFLayout
  }

  /// llama.cpp's name of the architecture.
  private(set) var architecture = ""
  /// The tensors, sorted by the bytes of their names.
  var entries: [Entry]
  /// The fields of config.json without `dtype`.
  var config: [(String, JSONNode)]

  static let architectures = ["gpt2", "gptneox"] + GGUFLlamaFamily.all.map(\.name)

  /// Reads the model of a supported architecture.
  ///
  /// - Throws: `FormatError` of kind `gguf` for another architecture, a missing or unknown tensor or a shape that
  ///   does not follow from the metadata.
  init(_ container: GGUFContainer) throws(FormatError) {
    let typeKey = "general.type"
    if let type = try container.string(typeKey), type != "model" {
      throw FormatError(
        .gguf, "\(container.location): \(typeKey)", "not a model of its own", expected: "model", got: type)
    }
    let key = "general.architecture"
    guard let architecture = try container.string(key) else { throw container.missing(key) }
    if let family = GGUFLlamaFamily.all.first(where: { $0.name == architecture }) {
      self = try family.model(container)
    } else if architecture == "gpt2" {
      self = try .gpt2(container)
    } else if architecture == "gptneox" {
      self = try .gptNeoX(container)
    } else {
      throw FormatError(
        .gguf, "\(container.location): \(key)", "the architecture is not supported",
        expected: Self.architectures.joined(separator: " or "), got: architecture)
    }
    self.architecture = architecture
    entries.sort { $0.name < $1.name }
  }

  init(entries: [Entry], config: [(String, JSONNode)]) {
    self.entries = entries
    self.config = config
  }

  /// The field `dtype` of config.json: float16 or bfloat16 where all matrices have that type, else float32.
  var configDtype: String {
    let types = Set(entries.filter { $0.shape.count > 1 }.map(\.source.type))
    return switch types {
    case [.f16]: "float16"
    case [.bf16]: "bfloat16"
    default: "float32"
    }
  }
}

extension GGUFContainer {
  /// The fields `bos_token_id`, `eos_token_id` and `pad_token_id` of config.json, those alone that the vocabulary has:
  /// files say −1 or one past the end where a model has no such token.
  func specialTokens(vocabulary: Int) throws(FormatError) -> [(String, JSONNode)] {
    var result: [(String, JSONNode)] = []
    for (key, name) in [("bos", "bos"), ("eos", "eos"), ("padding", "pad")] {
      guard let id = try integer("tokenizer.ggml.\(key)_token_id"), 0..<vocabulary ~= id else { continue }
      result.append(("\(name)_token_id", .int(id)))
    }
    return result
  }
}
