import Foundation

@testable import Format
@testable import Rewriter
@testable import Runtime

/// The checks of an input, one function per parser.
enum Parsers {
  /// A folder for this process alone, with the files of the corpus's model.
  private static let folder: String = {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("fuzz-\(getpid())").path
    try? FileManager.default.removeItem(atPath: path)
    do { try FileManager.default.copyItem(atPath: environment("FUZZ_MODEL"), toPath: path) } catch {
      fatalError("\(error)")
    }
    return path
  }()
  private static let pool = WorkerPool(threads: 1)

  private static func write(_ bytes: [UInt8], as name: String) throws -> String {
    let path = "\(folder)/\(name)"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  static func header(_ bytes: [UInt8]) throws {
    let header = try bytes.withUnsafeBytes { bytes in try SafetensorsHeader(validating: bytes, location: "f") }
    precondition(header.dataStart + header.tensors.reduce(0) { $0 + $1.range.count } == bytes.count)
    for tensor in header.tensors {
      precondition(tensor.shape.reduce(tensor.dtype.bits, *) == 8 * tensor.range.count)
    }
  }

  /// A value that is parsed, written and parsed again stays the same.
  static func json(_ bytes: [UInt8]) throws {
    let written = JSONNode(try JSONDocument(bytes, location: "f").root).bytes()
    let again = JSONNode(try JSONDocument(written, location: "again").root).bytes()
    precondition(again == written)
  }

  static func index(_ bytes: [UInt8]) throws { _ = try Checkpoint(path: write(bytes, as: "f.index.json")) }

  static func config(_ bytes: [UInt8]) throws {
    _ = try write(bytes, as: "config.json")
    try run(LanguageModel(Checkpoint(path: folder), pool: pool))
  }

  /// A model that opens runs, and its tokens are in its vocabulary.
  private static func run(_ model: LanguageModel) throws {
    let ids = try model.encode("ab")
    precondition(ids.allSatisfy { 0..<model.transformer.shape.vocabulary ~= $0 })
    _ = model.tokenizer.decode(model.generate(ids, maxTokens: 2).ids)
  }

  private static let texts = ["ab cd", "  a\n\n'll 12 é e\u{301} 東京 \u{1F600}<|end|>a ", "<|end|><|end|>", ""]

  static func tokenizer(_ bytes: [UInt8]) throws {
    let tokenizer = try Tokenizer(json: bytes, location: "f")
    for text in texts {
      let ids = tokenizer.encode(text)
      precondition(ids.allSatisfy { 0..<tokenizer.vocabularySize ~= $0 })
      var decoder = TokenStreamDecoder(tokenizer)
      let pieces = ids.map { decoder.append($0) }.joined() + decoder.finish()
      precondition(pieces == tokenizer.decode(ids))
    }
  }

  /// The entry that a manifest keeps of a memory can be read again.
  static func spec(_ bytes: [UInt8]) throws {
    // The same bytes as a table, which the name asks for.
    _ = try? Spec(json: bytes, location: "f.csv")
    for memory in try Spec(json: bytes, location: "f.json").memories {
      let again = try MemorySpec(JSONDocument(memory.completeEntry.bytes(), location: "entry").root)
      precondition(ByteString(again.name) == ByteString(memory.name) && again.keyToken == memory.keyToken)
    }
    // The same bytes as JSON lines, which the name asks for.
    _ = try Spec(json: bytes, location: "f.jsonl")
  }

  static func table(_ bytes: [UInt8]) throws {
    let checkpoint = try Checkpoint(path: write(withRightHash(bytes), as: "f.safetensors"))
    let tables = try Memory.tables(of: checkpoint.memories, location: "f")
    for table in tables {
      precondition(table.keys.count == table.count * table.width && table.deltas.count == table.keys.count)
    }
    try run(LanguageModel(checkpoint, pool: pool))
  }

  /// The file with the hash of its present manifest, so that a changed manifest passes that check.
  private static func withRightHash(_ bytes: [UInt8]) throws -> [UInt8] {
    let header = try bytes.withUnsafeBytes { bytes in try SafetensorsHeader(validating: bytes, location: "f") }
    let key = Array(#""memory.manifest":""#.utf8)
    guard let manifest = header.tensors.first(where: { $0.name == Manifest.tensorName }),
      let location = bytes[..<header.dataStart].firstRange(of: key), location.upperBound + 64 <= header.dataStart
    else { return bytes }
    let range = (header.dataStart + manifest.range.lowerBound)..<(header.dataStart + manifest.range.upperBound)
    var result = bytes
    result.replaceSubrange(location.upperBound..<(location.upperBound + 64), with: SHA256.hex(Array(bytes[range])).utf8)
    return result
  }

  static func gguf(_ bytes: [UInt8]) throws {
    let file = try GGUFFile(path: write(bytes, as: "f.gguf"))
    for dtype in [Dtype?.none, .f32, .bf16] {
      for tensor in try file.tensors(dtype: dtype) {
        let count = tensor.withBytes(\.count)
        precondition(count == tensor.byteCount)
      }
    }
    _ = try (file.configJSON(), file.tokenizerJSON())
    try run(LanguageModel(Checkpoint(path: "\(folder)/f.gguf"), pool: pool))
  }
}
