import Foundation
import Kernels
import Testing

@testable import Format
@testable import Runtime

/// The tiny models as GGUF files, written as llama.cpp's converter does (compare_gguf_with_llama_cpp.py), against the
/// checkpoints that they were made from.
@Suite struct GGUFModelTests {
  static let folder = "\(fixtureFolder)/gguf/models"

  static let names = [
    "gemma3-b", "gemma3-sentencepiece", "gpt_neox-c", "llama-biases", "llama-llama3", "olmo2-a", "phi3-a", "phi3-b",
    "qwen2-a", "qwen3-a", "smollm3-a",
  ]

  @Test func everyFileIsTested() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder).map { $0.replacing(".gguf", with: "") }
    #expect(files.sorted() == Self.names)
  }

  /// Tokenizer, logits and greedy tokens, from the one file alone.
  @Test(arguments: names)
  func computesAsTheCheckpoint(_ name: String) throws {
    let fixture = ModelFixture(name: name)
    let model = try LanguageModel(path: "\(Self.folder)/\(name).gguf", threads: 2)
    let expected = try fixture.expected()
    for (i, item) in try fixture.cases().enumerated() {
      #expect(try model.encode(item.prompt) == item.ids)
      let reference = try #require(expected[ByteString("case.\(i).logits")]?.floats())
      let rows = reference.count / model.transformer.shape.vocabulary
      let logits = model.transformer.logits(of: item.ids, rows: item.ids.indices.suffix(rows))
      #expect(relativeError(logits.array, reference) < 1e-4)
      #expect(model.generate(item.ids, maxTokens: item.greedy.count).ids == item.greedy)
    }
  }

  /// What the runtime refuses is named as the file names it, not by the configuration that was made from it.
  @Test func errorsNameTheFilesOwnKeys() throws {
    let name = "\(NSTemporaryDirectory())/\(UUID().uuidString).gguf"
    defer { try? FileManager.default.removeItem(atPath: name) }
    func message(_ file: String, _ change: (inout Data) throws -> Void) throws -> String {
      var bytes = try Data(contentsOf: URL(filePath: "\(Self.folder)/\(file).gguf"))
      try change(&bytes)
      try bytes.write(to: URL(filePath: name))
      do {
        _ = try LanguageModel(path: name, threads: 1)
        return "loaded"
      } catch { return "\(error)".replacing(name, with: "FILE") }
    }
    func set(_ key: String, _ value: UInt32) -> (inout Data) throws -> Void {
      { bytes in
        // Key, type, value.
        let start = try #require(bytes.range(of: Data(key.utf8))).upperBound + 4
        withUnsafeBytes(of: value.littleEndian) { bytes.replaceSubrange(start..<(start + 4), with: $0) }
      }
    }
    #expect(
      try message("qwen2-a", set("qwen2.context_length", 1 << 30)).hasPrefix(
        "FILE: qwen2.context_length: missing or out of range, expected an integer from 1 to"))
    #expect(
      try message("qwen2-a") {
        // The first of "a b", which then is no token.
        let key = try #require($0.range(of: Data("tokenizer.ggml.merges".utf8))).upperBound
        $0[key + 4 + 4 + 8 + 8] = 0x01
      }.hasPrefix("FILE: tokenizer.ggml.merges: "))
    let gguf = try Checkpoint(path: "\(Self.folder)/gemma3-b.gguf")
    #expect(
      gguf.sourceLocation("\(gguf.path): tensor model.layers.0.self_attn.q_norm.weight")
        == "\(gguf.path): tensor blk.0.attn_q_norm.weight")
    #expect(
      gguf.sourceLocation("\(gguf.path): config.json: rope_scaling: factor")
        == "\(gguf.path): gemma3.rope.scaling: factor")
    let other = try Checkpoint(path: ModelFixture(name: "gemma3-b").path)
    #expect(other.sourceLocation("\(other.path): config.json: head_dim") == "\(other.path): config.json: head_dim")
  }

  /// Gemma's windows as one number, or as a Boolean for each layer.
  @Test func windowsOfEachLayer() throws {
    let path = "\(Self.folder)/gemma3-b.gguf"
    let name = "\(NSTemporaryDirectory())/\(UUID().uuidString).gguf"
    defer { try? FileManager.default.removeItem(atPath: name) }
    var bytes = try Data(contentsOf: URL(filePath: path))
    let key = Data("gemma3.attention.sliding_window_pattern".utf8)
    let start = try #require(bytes.range(of: key)).upperBound
    let period = Int(bytes[start + 4])
    let layers = try LanguageModel(path: path, threads: 1).transformer.shape.layers
    // Type and value: an array of Booleans of that length.
    var array = Data([9, 0, 0, 0, 7, 0, 0, 0]) + Data(withUnsafeBytes(of: UInt64(layers).littleEndian, Array.init))
    array += Data((0..<layers).map { ($0 + 1) % period != 0 ? 1 : 0 })
    // The data's offset must stay aligned: what the array takes more is made up for by a key of as many bytes.
    let more = array.count - 8
    let alignment = 32
    let filler = (alignment - (more + 8 + 4 + 8 + 1) % alignment) % alignment
    array += Data(withUnsafeBytes(of: UInt64(1).littleEndian, Array.init)) + Data("k".utf8) + Data([8, 0, 0, 0])
    array += Data(withUnsafeBytes(of: UInt64(filler).littleEndian, Array.init)) + Data(count: filler)
    bytes.replaceSubrange(start..<(start + 8), with: array)
    let entries = bytes[16..<24].enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << (8 * $1.offset) } + 1
    withUnsafeBytes(of: entries.littleEndian) { bytes.replaceSubrange(16..<24, with: $0) }
    try bytes.write(to: URL(filePath: name))
    let (one, other) = (try LanguageModel(path: path, threads: 1), try LanguageModel(path: name, threads: 1))
    let ids = Array(1...24)
    #expect(one.transformer.logits(of: ids, rows: [23]).array == other.transformer.logits(of: ids, rows: [23]).array)
  }

  /// Tensors keep the checkpoint's bits; Gemma's norms, which GGUF files hold plus 1, are equal within a rounding.
  @Test(arguments: names)
  func tensorsAreThoseOfTheCheckpoint(_ name: String) throws {
    let original = try Checkpoint(path: ModelFixture(name: name).path)
    let converted = try Checkpoint(path: "\(Self.folder)/\(name).gguf")
    #expect(converted.tensors.map(\.name).sorted() == original.tensors.map(\.name).sorted())
    for tensor in original.tensors {
      let other = try #require(converted[tensor.name])
      #expect(other.shape == tensor.shape)
      let (values, others) = (try #require(tensor.floats()), try #require(other.floats()))
      let slack: Float = name.hasPrefix("gemma3") && tensor.shape.count == 1 ? 1e-6 : 0
      #expect(zip(values, others).allSatisfy { abs($0 - $1) <= slack }, "\(tensor.name)")
    }
  }
}
