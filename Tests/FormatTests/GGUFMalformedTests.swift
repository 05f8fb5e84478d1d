import Foundation
import Testing

@testable import Format

/// Reading any file ends in tensors or in a `FormatError`, never in a trap.
@Suite("GGUF: malformed files")
struct GGUFMalformedTests {
  /// Opens the bytes as a file and reads everything in it.
  private func read(_ bytes: some Collection<UInt8>, _ temporary: TemporaryFile = TemporaryFile()) throws {
    try temporary.write(bytes)
    let file = try GGUFFile(path: temporary.path)
    for dtype in [Dtype?.none, .f32, .bf16] {
      for tensor in try file.tensors(dtype: dtype) {
        #expect(tensor.bytes.count == tensor.byteCount)
      }
    }
    _ = try file.configJSON()
    _ = try file.tokenizerJSON()
  }

  /// Expects an error of kind `gguf` whose text has `words` in it.
  private func expectError(_ words: String, _ bytes: [UInt8], line: Int = #line) {
    let location = SourceLocation(fileID: #fileID, filePath: #filePath, line: line, column: 1)
    do {
      try read(bytes)
      Issue.record("read without an error", sourceLocation: location)
    } catch let error as FormatError {
      #expect(error.kind == .gguf, sourceLocation: location)
      #expect(error.description.contains(words), "\(error)", sourceLocation: location)
    } catch {
      Issue.record("\(error)", sourceLocation: location)
    }
  }

  /// A file whose only entry, key included, is written by `body`.
  private func entries(_ body: (inout GGUFBytes) -> Void) -> [UInt8] {
    var file = GGUFBytes(tensors: 0, entries: 1)
    body(&file)
    file.bytes += [UInt8](repeating: 0, count: 64)
    return file.bytes
  }

  /// A file with one tensor and 64 bytes of data.
  private func tensor(
    _ dimensions: [UInt64], type: UInt32 = 0, offset: UInt64 = 0, copies: UInt64 = 1
  ) -> [UInt8] {
    var file = GGUFBytes(tensors: copies, entries: 1)
    file.entry("general.architecture", "llama")
    for _ in 0..<copies { file.tensor("token_embd.weight", dimensions, type: type, offset: offset) }
    file.pad()
    file.bytes += [UInt8](repeating: 0, count: 64)
    return file.bytes
  }

  @Test("the smallest model is read")
  func whole() throws { try read(GGUFBytes.tinyLlama()) }

  @Test("cut short at every byte")
  func truncated() throws {
    let bytes = GGUFBytes.tinyLlama()
    let temporary = TemporaryFile()
    // The last tensor takes 32 bytes: the file has no padding at its end.
    for count in 0..<bytes.count {
      #expect(throws: FormatError.self, "\(count) bytes") { try read(bytes.prefix(count), temporary) }
    }
  }

  /// Every byte with every value listed where the environment has `LOCAL_MEMORY_GGUF_EXHAUSTIVE`, which takes a minute;
  /// else a seeded choice of them.
  @Test("bytes of a header changed", arguments: ["tiny", "llama", "llama_bias", "gpt2"])
  func changed(model: String) throws {
    var bytes = GGUFBytes.tinyLlama()
    var header = bytes.count
    if model != "tiny" {
      bytes = Array(try Data(contentsOf: URL(filePath: Fixtures.gguf("\(model).gguf"))))
      header = 2600
    }
    let exhaustive = ProcessInfo.processInfo.environment["LOCAL_MEMORY_GGUF_EXHAUSTIVE"] != nil
    let seed: UInt64 = 20_240_607
    var random = seed
    let temporary = TemporaryFile()
    for position in 0..<header {
      for value: UInt8 in [0, 1, 2, 8, 0x7F, 0x80, 0xFF, bytes[position] ^ 1] {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        guard exhaustive || random >> 32 % (model == "tiny" ? 16 : 64) == 0 else { continue }
        var wrong = bytes
        wrong[position] = value
        do { try read(wrong, temporary) } catch is FormatError {} catch {
          Issue.record("seed \(seed), byte \(position): \(error)")
        }
      }
    }
  }

  @Test(
    "eight bytes of a header replaced by large numbers",
    arguments: [0x7FFF_FFFF, 1 << 32, 1 << 63, UInt64.max])
  func largeNumbers(value: UInt64) throws {
    let bytes = GGUFBytes.tinyLlama()
    let temporary = TemporaryFile()
    for position in stride(from: 0, to: bytes.count - 8, by: 3) {
      var wrong = bytes
      withUnsafeBytes(of: value.littleEndian) { wrong.replaceSubrange(position..<(position + 8), with: $0) }
      do { try read(wrong, temporary) } catch is FormatError {}
    }
  }

  @Test("neither empty nor other files are GGUF")
  func otherFiles() {
    expectError("ends within the magic number", [])
    expectError("not a GGUF file", Array("{\"a\": 1}".utf8))
    expectError("unsupported version", GGUFBytes(version: 1, tensors: 0, entries: 0).bytes)
    expectError("unsupported version", GGUFBytes(version: 4, tensors: 0, entries: 0).bytes)
    expectError("big-endian", GGUFBytes(version: 3 << 24, tensors: 0, entries: 0).bytes)
    expectError("general.architecture is missing", GGUFBytes(tensors: 0, entries: 0).bytes)
  }

  @Test("counts beyond the file", arguments: [1 << 20, 1 << 63, UInt64.max])
  func counts(count: UInt64) {
    expectError("number of tensors claims more", GGUFBytes(tensors: count, entries: 0).bytes)
    expectError("number of metadata entries claims more", GGUFBytes(tensors: 0, entries: count).bytes)
    expectError(
      "the length of a key claims more",
      entries { $0.append(count) })
    expectError(
      "the length of the value of k claims more",
      entries {
        $0.entry("k", .string)
        $0.append(count)
      })
    for type in [GGUFValueType.uint8, .float64, .string, .array] {
      expectError(
        "the length of the value of k claims more",
        entries {
          $0.entry("k", .array)
          $0.append(type.rawValue)
          $0.append(count)
        })
    }
  }

  @Test("alignments", arguments: [0, 3, 24, 1 << 25, 1 << 31, UInt32.max])
  func alignments(alignment: UInt32) {
    expectError("not a usable alignment", entries { $0.entry("general.alignment", alignment) })
  }

  @Test("an alignment of the wrong type")
  func alignmentType() {
    expectError("wrong type", entries { $0.entry("general.alignment", Float(32)) })
  }

  @Test("arrays of arrays of arrays")
  func nested() {
    expectError(
      "nests arrays deeper",
      entries {
        $0.entry("k", .array)
        for _ in 0..<100_000 {
          $0.append(GGUFValueType.array.rawValue)
          $0.append(UInt64(1))
        }
      })
  }

  @Test("values that are not what their type says")
  func values() {
    expectError(
      "unknown type",
      entries { file in
        file.append("k")
        file.append(UInt32(13))
      })
    expectError(
      "not a Boolean",
      entries { file in
        file.entry("k", .bool)
        file.append(UInt8(2))
      })
    expectError("wrong type", entries { $0.entry("general.architecture", UInt32(1)) })
    expectError(
      "not supported, expected gpt2 or gptneox or llama or qwen2 or qwen3 or smollm3 or olmo2 or phi3 or gemma3, got bert",
      entries {
        $0.entry("general.architecture", "bert")
      })
    expectError(
      "not UTF-8",
      entries { file in
        file.entry("general.architecture", .string)
        file.append(UInt64(1))
        file.append(UInt8(0xFF))
      })
  }

  @Test("keys and tensors that stand twice")
  func duplicates() {
    var file = GGUFBytes(tensors: 0, entries: 2)
    file.entry("k", UInt32(1))
    file.entry("k", UInt32(1))
    expectError("the key k stands twice", file.bytes)
    expectError("the tensor token_embd.weight stands twice", tensor([1], copies: 2))
  }

  @Test("shapes and offsets")
  func shapes() {
    expectError("too large", tensor([1 << 32, 1 << 32]))
    expectError("too large", tensor([1 << 62]))
    expectError("too large", tensor([0, 1 << 62, 4]))
    expectError("too large", tensor([.max]))
    expectError("too large", tensor([32, 1 << 61], type: 2))
    expectError("do not fill blocks of Q4_K", tensor([128], type: 12))
    expectError("cannot be of type Q8_0", tensor([], type: 8))
    expectError("too many dimensions", tensor([1, 1, 1, 1, 1]))
    expectError("got Q8_1", tensor([32], type: 9))
    expectError("got type 77", tensor([32], type: 77))
    expectError("expected one of F32, F16, Q4_0", tensor([32], type: 99))
    expectError("not aligned", tensor([1], offset: 4))
    expectError("ends beyond the file", tensor([17]))
    expectError("ends beyond the file", tensor([16], offset: 32))
    expectError("ends beyond the file", tensor([1], offset: 1 << 63))
    expectError("ends beyond the file", tensor([1], offset: .max - 31))
    expectError("is missing", tensor([16]))
  }

  @Test("tensors that share bytes")
  func overlap() {
    var file = GGUFBytes(tensors: 2, entries: 0)
    file.tensor("a", [16], offset: 0)
    file.tensor("b", [1], offset: 32)
    file.pad()
    file.bytes += [UInt8](repeating: 0, count: 64)
    expectError("tensor b: its data overlaps that of a", file.bytes)
  }

  @Test(
    "metadata that no model has",
    arguments: [
      ("llama.attention.head_count_kv", 0, "out of range"),
      ("llama.attention.head_count_kv", 2, "does not divide the 1 heads"),
      ("llama.attention.key_length", 3, "is odd"), ("llama.attention.key_length", 4, "wrong shape"),
      ("llama.attention.key_length", UInt32.max, "out of range"),
      ("llama.attention.value_length", 4, "differs from the size of a head"),
      ("llama.vocab_size", 4, "does not fit the embedding"),
    ])
  func hyperparameters(key: String, value: UInt32, words: String) {
    expectError(
      words,
      GGUFBytes.tinyLlama {
        $0.entry(key, value)
        return 1
      })
  }

  @Test("a rotary base that is no positive number", arguments: [0, -1, Float.nan, .infinity])
  func ropeBase(value: Float) {
    expectError(
      "llama.rope.freq_base: the value is out of range",
      GGUFBytes.tinyLlama {
        $0.entry("llama.rope.freq_base", value)
        return 1
      })
  }

  @Test("a bias that would be permuted but is quantized")
  func quantizedBias() throws {
    var bytes = Array(try Data(contentsOf: URL(filePath: Fixtures.gguf("llama_bias.gguf"))))
    let name = Array("blk.0.attn_q.bias".utf8)
    let start = try #require(bytes.indices.first { bytes[$0...].starts(with: name) })
    let type = start + name.count + 4 + 8
    #expect(bytes[type] == UInt8(GGMLType.f32.rawValue))
    bytes[type] = UInt8(GGMLType.q8_0.rawValue)
    expectError("attn_q.bias: a quantized bias", bytes)
  }

  @Test("a tensor that the architecture does not have")
  func unknownTensor() throws {
    var bytes = Array(try Data(contentsOf: URL(filePath: Fixtures.gguf("llama_bias.gguf"))))
    let name = Array("output.weight".utf8)
    let start = try #require(
      bytes.indices.first { bytes[$0...].starts(with: name) && bytes[$0 - 8] == UInt8(name.count) })
    bytes[start] = UInt8(ascii: "O")
    expectError("tensor Output.weight: the architecture has no such tensor", bytes)
  }
}
