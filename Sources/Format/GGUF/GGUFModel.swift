/// What a GGUF file holds, in the terms of a Hugging Face checkpoint.
struct GGUFModel: Sendable {
  /// One tensor of the checkpoint and where it comes from.
  struct Entry: Sendable {
    var name: ByteString
    /// As the checkpoint has it.
    var shape: [Int]
    var source: GGUFTensorInfo
    var layout: GGUFLayout
  }

  /// In the order of their names' bytes.
  var entries: [Entry]
  /// config.json without its `dtype`.
  var config: [(String, JSONNode)]

  static let architectures = ["gpt2", "gptneox"] + GGUFLlamaFamily.all.map(\.name)

  /// - Throws: `FormatError` of kind `gguf` for another architecture, a missing or unknown tensor or a shape that
  ///   does not follow from the metadata.
  init(_ container: GGUFContainer) throws(FormatError) {
    if let parts = try container.integer("split.count"), parts > 1 {
      throw FormatError(
        .gguf, container.location, "one part of a model that was split",
        expected: "the parts merged into a file",
        got: "a part of \(parts)")
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
    entries.sort { $0.name < $1.name }
  }

  init(entries: [Entry], config: [(String, JSONNode)]) {
    self.entries = entries
    self.config = config
  }

  /// The `dtype` of config.json: the type of the matrices where they all have one of 16 bits, else float32.
  var configDtype: String {
    let types = Set(entries.filter { $0.shape.count > 1 }.map(\.source.type))
    return switch types {
    case [.f16]: "float16"
    case [.bf16]: "bfloat16"
    default: "float32"
    }
  }
}

/// Collects a model's tensors by name, each checked for its shape, and finds those that are left over.
struct GGUFTensorTable {
  let container: GGUFContainer
  private(set) var entries: [GGUFModel.Entry] = []
  private var unused: Set<ByteString>

  init(_ container: GGUFContainer) {
    self.container = container
    unused = Set(container.tensors.keys)
  }

  func has(_ source: String) -> Bool { container.tensors[ByteString(source)] != nil }

  /// A tensor that must be there, by llama.cpp's name.
  func info(_ source: String) throws(FormatError) -> GGUFTensorInfo {
    guard let info = container.tensors[ByteString(source)] else {
      throw FormatError(.gguf, container.location, "the tensor \(source) is missing")
    }
    return info
  }

  /// The number of rows of a matrix that must be there.
  func rows(_ source: String) throws(FormatError) -> Int {
    let info = try info(source)
    guard info.shape.count == 2, info.shape[0] > 0, info.shape[0] <= Int(Int32.max) else {
      throw FormatError(
        .gguf, "\(container.location): tensor \(source)", "wrong shape", expected: "a matrix",
        got: "\(info.shape)")
    }
    return info.shape[0]
  }

  /// Adds the tensor `source` under the name `name`; `shape` is the checkpoint's.
  mutating func add(
    _ source: String, as name: String, _ shape: [Int], _ layout: GGUFLayout = .same
  ) throws(FormatError) {
    let info = try info(source)
    let stored = layout == .transposed ? Array(shape.reversed()) : shape
    guard info.shape == stored else {
      throw FormatError(
        .gguf, "\(container.location): tensor \(source)", "wrong shape", expected: "\(stored)",
        got: "\(info.shape)")
    }
    // Its blocks would run across the rows that move.
    guard layout == .same || shape.count > 1 || info.type.blockSize == 1 else {
      throw FormatError(
        .gguf, "\(container.location): tensor \(source)", "a quantized bias", expected: "F32, F16 or BF16",
        got: info.type.name)
    }
    unused.remove(info.name)
    entries.append(GGUFModel.Entry(name: ByteString(name), shape: shape, source: info, layout: layout))
  }

  /// The values of an F32 tensor, which is left out of the checkpoint.
  mutating func takeFloats(_ source: String) throws(FormatError) -> [Float] {
    let info = try info(source)
    guard info.type.dtype == .f32 else {
      throw FormatError(
        .gguf, "\(container.location): tensor \(source)", "wrong type", expected: "F32", got: info.type.name)
    }
    drop(source)
    let bytes = UnsafeRawBufferPointer(rebasing: container.file.bytes[info.range])
    return withExtendedLifetime(container.file) {
      stride(from: 0, to: bytes.count, by: 4).map {
        Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
      }
    }
  }

  /// Leaves a tensor out of the checkpoint.
  mutating func drop(_ source: String) { unused.remove(ByteString(source)) }

  /// - Throws: `FormatError` naming the first tensor that was neither added nor dropped.
  func finish() throws(FormatError) -> [GGUFModel.Entry] {
    if let name = unused.min() {
      throw FormatError(.gguf, "\(container.location): tensor \(name)", "the architecture has no such tensor")
    }
    return entries
  }
}

extension GGUFContainer {
  /// `bos_token_id`, `eos_token_id` and `pad_token_id` of config.json: those that the file has and the vocabulary
  /// too. Files say −1 or one past the end where a model has no such token.
  func specialTokens(vocabulary: Int) throws(FormatError) -> [(String, JSONNode)] {
    var result: [(String, JSONNode)] = []
    for (key, name) in [("bos", "bos"), ("eos", "eos"), ("padding", "pad")] {
      guard let id = try integer("tokenizer.ggml.\(key)_token_id"), 0..<vocabulary ~= id else { continue }
      result.append(("\(name)_token_id", .int(id)))
    }
    return result
  }
}
