@testable import Format

/// A GGUF file that is built field by field, valid or not.
struct GGUFBytes {
  var bytes: [UInt8] = []

  init() {}

  /// The header of a file with the given counts.
  init(version: UInt32 = 3, tensors: UInt64, entries: UInt64) {
    bytes = Array("GGUF".utf8)
    append(version)
    append(tensors)
    append(entries)
  }

  mutating func append(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func append(_ string: String) {
    append(UInt64(string.utf8.count))
    bytes.append(contentsOf: string.utf8)
  }

  mutating func entry(_ key: String, _ type: GGUFValueType) {
    append(key)
    append(type.rawValue)
  }

  mutating func entry(_ key: String, _ value: UInt32) {
    entry(key, .uint32)
    append(value)
  }

  mutating func entry(_ key: String, _ value: Float) {
    entry(key, .float32)
    append(value.bitPattern)
  }

  mutating func entry(_ key: String, _ value: String) {
    entry(key, .string)
    append(value)
  }

  mutating func entry(_ key: String, _ values: [String]) {
    entry(key, .array)
    append(GGUFValueType.string.rawValue)
    append(UInt64(values.count))
    for value in values { append(value) }
  }

  /// Adds a tensor's description; dimensions fastest first, as in the file.
  mutating func tensor(_ name: String, _ dimensions: [UInt64], type: UInt32 = 0, offset: UInt64) {
    append(name)
    append(UInt32(dimensions.count))
    for dimension in dimensions { append(dimension) }
    append(type)
    append(offset)
  }

  mutating func pad(to alignment: Int = 32) {
    while bytes.count % alignment != 0 { bytes.append(0) }
  }

  /// The smallest file of a whole model: a Llama of one layer with F32 tensors of zeros.
  ///
  /// - Parameters:
  ///   - tensors: the tensors that a part of it has; nil for all.
  ///   - hasMetadata: whether it has the model's metadata.
  ///   - extra: adds metadata entries and returns their number.
  static func tinyLlama(
    version: UInt32 = 3, tensors: [Int]? = nil, hasMetadata: Bool = true,
    extra: (inout GGUFBytes) -> UInt64 = { _ in 0 }
  ) -> [UInt8] {
    let all: [(String, [UInt64])] = [
      ("token_embd.weight", [2, 3]), ("output_norm.weight", [2]),
      ("blk.0.attn_norm.weight", [2]), ("blk.0.ffn_norm.weight", [2]),
      ("blk.0.attn_q.weight", [2, 2]), ("blk.0.attn_k.weight", [2, 2]), ("blk.0.attn_v.weight", [2, 2]),
      ("blk.0.attn_output.weight", [2, 2]), ("blk.0.ffn_gate.weight", [2, 4]),
      ("blk.0.ffn_up.weight", [2, 4]), ("blk.0.ffn_down.weight", [4, 2]),
    ]
    var entries = GGUFBytes()
    let count = extra(&entries)
    let shapes = tensors.map { $0.map { all[$0] } } ?? all
    var file = GGUFBytes(
      version: version, tensors: UInt64(shapes.count), entries: (hasMetadata ? 11 : 0) + count)
    if hasMetadata { file.tinyLlamaMetadata() }
    file.bytes += entries.bytes
    var offset: UInt64 = 0
    for (name, shape) in shapes {
      file.tensor(name, shape, offset: offset)
      offset += (4 * shape.reduce(1, *) + 31) / 32 * 32
    }
    file.pad()
    file.bytes += [UInt8](repeating: 0, count: Int(offset))
    return file.bytes
  }

  private mutating func tinyLlamaMetadata() {
    entry("general.architecture", "llama")
    for (key, value): (String, UInt32) in [
      ("block_count", 1), ("embedding_length", 2), ("feed_forward_length", 4), ("context_length", 8),
      ("attention.head_count", 1),
    ] {
      entry("llama.\(key)", value)
    }
    entry("llama.attention.layer_norm_rms_epsilon", Float(1e-6))
    entry("tokenizer.ggml.model", "gpt2")
    entry("tokenizer.ggml.tokens", ["a", "b", "ab"])
    entry("tokenizer.ggml.merges", ["a b"])
    entry("general.alignment", UInt32(32))
  }
}
