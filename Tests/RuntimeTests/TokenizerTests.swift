import Foundation
import Testing

@testable import Format
@testable import Runtime

/// Against the `tokenizers` library, by the fixtures that make_tokenizer_fixtures.py wrote.
@Suite struct TokenizerTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/tokenizer").path

  static func tokenizer(_ name: String) throws -> Tokenizer {
    let path = "\(folder)/\(name).json"
    return try Tokenizer(json: MappedFile(path: path).contents, place: path)
  }

  @Test(arguments: ["gpt2", "digits"])
  func encodesAsTheReference(_ name: String) throws {
    let tokenizer = try Self.tokenizer(name)
    let cases = try JSONDocument(path: "\(Self.folder)/lines.json").root.elements
    #expect(cases.count > 300)
    for item in cases {
      let text = try #require(item["text"]?.string)
      let expected = try #require(item[name]).elements.compactMap(\.int)
      #expect(tokenizer.encode(text) == expected, "\(text.debugDescription)")
      // Tokens that strip spaces around them lose these; all else comes back whole.
      if !text.contains("<x>") {
        let ids = tokenizer.encode(text, addSpecialTokens: false)
        #expect(tokenizer.decode(ids) == text)
        var decoder = TokenStreamDecoder(tokenizer)
        let streamed = ids.map { decoder.append($0) }
        #expect(streamed.joined() + decoder.finish() == text)
        #expect(streamed.allSatisfy { !$0.contains("\u{FFFD}") } || text.contains("\u{FFFD}"))
      }
    }
  }

  /// On a real tokenizer.json with its lines, where the environment names them.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["LOCAL_MEMORY_TOKENIZER_LINES"] != nil))
  func encodesAsTheReferenceOnARealTokenizer() throws {
    let path = try #require(ProcessInfo.processInfo.environment["LOCAL_MEMORY_TOKENIZER_LINES"])
    let root = try JSONDocument(path: path).root
    let file = try #require(root["tokenizer"]?.string)
    let tokenizer = try Tokenizer(json: MappedFile(path: file).contents, place: file)
    for item in try #require(root["lines"]).elements {
      let text = try #require(item["text"]?.string)
      #expect(tokenizer.encode(text) == item["ids"]?.elements.compactMap(\.int), "\(text.debugDescription)")
    }
  }

  /// A heap and a scan merge the same pairs.
  @Test func longWordsMergeAsShortOnes() throws {
    let path = "\(Self.folder)/gpt2.json"
    let model = try #require(try JSONDocument(path: path).root["model"])
    var vocabulary = Vocabulary(capacity: 2000)
    try #require(model["vocab"]).forEachMember { key, value in
      _ = key.withStringBytes { vocabulary.insert($0, id: value.int!) }
    }
    let merger = try BytePairMerger(try #require(model["merges"]), vocabulary: vocabulary)
    let seed = UInt64.random(in: 0..<1 << 32)
    var random = SeededGenerator(seed: seed)
    for _ in 0..<300 {
      let count = Int.random(in: 0...70, using: &random)
      let letters = Array("capitlyofNenrs".utf8)
      let word = (0..<count).map { _ in Int32(vocabulary.id([letters.randomElement(using: &random)!])!) }
      var (scanned, heaped) = (word, word)
      merger.mergeByScan(&scanned)
      merger.mergeByHeap(&heaped)
      #expect(scanned == heaped, "seed \(seed)")
    }
    // Quadratic work would take minutes here.
    let tokenizer = try Self.tokenizer("gpt2")
    let long = String(repeating: "capital", count: 30_000)
    #expect(tokenizer.decode(tokenizer.encode(long)) == long)
  }

  @Test func streamHoldsBackSplitCharacters() throws {
    let tokenizer = try Self.tokenizer("gpt2")
    let ids = tokenizer.encode("𝕏")
    #expect(ids.count > 1)
    var decoder = TokenStreamDecoder(tokenizer)
    #expect(ids.dropLast().map { decoder.append($0) }.joined() == "")
    #expect(decoder.append(ids.last!) == "𝕏")
    #expect(decoder.append(ids[0]) == "")
    #expect(decoder.finish() == "\u{FFFD}")
  }

  static let malformed: [(String, FormatError.Kind)] = [
    ("{}", .tokenizer), ("[", .json), (#"{"model":{"type":"WordPiece"}}"#, .unsupported),
    (#"{"model":{"type":"BPE","vocab":{},"merges":[]}}"#, .tokenizer),
    (#"{"model":{"type":"BPE","vocab":{"a":-1},"merges":[]}}"#, .tokenizer),
    (#"{"model":{"type":"BPE","vocab":{"a":9223372036854775808},"merges":[]}}"#, .tokenizer),
    (#"{"model":{"type":"BPE","vocab":{"a":0,"b":0},"merges":[]}}"#, .tokenizer),
    (#"{"model":{"type":"BPE","vocab":{"a":0},"merges":["a b"]}}"#, .tokenizer),
    (#"{"model":{"type":"BPE","vocab":{"a":0,"b":1},"merges":["a b"]}}"#, .tokenizer),
    (#"{"model":{"type":"BPE","vocab":{"a":0,"b":1},"merges":[["a"]]}}"#, .tokenizer),
    (#"{"model":{"type":"BPE","vocab":{"a":0,"a":1},"merges":[]}}"#, .json),
    (#"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}"#, .unsupported),
    (
      #"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"pre_tokenizer":{"type":"Metaspace"}}"#,
      .unsupported
    ),
    (
      #"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"pre_tokenizer":{"type":"ByteLevel"},"normalizer":{"type":"Lowercase"}}"#,
      .unsupported
    ),
    (
      #"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"pre_tokenizer":{"type":"ByteLevel"},"added_tokens":[{"content":"x"}]}"#,
      .tokenizer
    ),
  ]

  @Test(arguments: malformed)
  func refuses(_ json: String, _ kind: FormatError.Kind) {
    #expect {
      try Tokenizer(json: Array(json.utf8), place: "tokenizer.json")
    } throws: { ($0 as? FormatError)?.kind == kind }
  }
}
