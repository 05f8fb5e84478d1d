import Foundation
import Testing

@testable import Format
@testable import Runtime

/// Tokenizers against the `tokenizers` library, by the fixtures of make_tokenizer_fixtures.py and make_tokenizer_kinds.py.
@Suite struct TokenizerTests {
  static let folder = "\(fixtureFolder)/tokenizer"

  static func tokenizer(_ name: String) throws -> Tokenizer {
    let path = "\(folder)/\(name).json"
    return try Tokenizer(json: MappedFile(path: path).contents, location: path)
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
      // The token <x> strips the spaces around it, which are lost.
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

  static let kinds = [
    "llama3", "qwen2", "qwen3.5", "cl100k", "o200k", "tekken", "deepseek", "behaviors", "neox", "added", "llama2",
    "phi3", "llama2-unknown", "metaspace-first", "metaspace-always", "gemma", "bloom", "kimi", "falcon", "roberta",
    "unknown-bytes", "words", "steps", "unigram", "unigram-bytes", "unigram-words",
  ]

  /// The kinds of tokenizers that published models have.
  @Test(arguments: kinds)
  func kindsEncodeAndDecodeAsTheReference(_ name: String) throws {
    let tokenizer = try Self.tokenizer("kinds/\(name)")
    let root = try JSONDocument(path: "\(Self.folder)/kinds/expected.json").root
    let expected = try #require(root["kinds"]?[name])
    let texts = try #require(root["texts"]).elements
    #expect(texts.count > 150 && root["kinds"]?.members.count == Self.kinds.count)
    for (i, text) in texts.enumerated() {
      let text = try #require(text.string)
      let ids = try #require(expected["ids"]?.elements[i]).elements.compactMap(\.int)
      #expect(tokenizer.encode(text) == ids, "\(text.debugDescription)")
      let decoded = try #require(expected["decoded"]?.elements[i]).string ?? text
      let plain = tokenizer.encode(text, addSpecialTokens: false)
      #expect(tokenizer.decode(plain, isStart: true) == decoded, "\(text.debugDescription)")
    }
  }

  /// Ids in any order, with bytes that are no UTF-8, at once and one after the other.
  @Test(arguments: kinds)
  func decodesAnyIDsAsTheReference(_ name: String) throws {
    let tokenizer = try Self.tokenizer("kinds/\(name)")
    let root = try JSONDocument(path: "\(Self.folder)/kinds/expected.json").root
    let cases = try #require(root["kinds"]?[name]?["random"]).elements
    #expect(cases.count == 40)
    for item in cases {
      let ids = item.elements[0].elements.compactMap(\.int)
      #expect(tokenizer.decode(ids, isStart: true) == item.elements[1].string, "\(ids)")
      var decoder = TokenStreamDecoder(tokenizer)
      #expect(ids.map { decoder.append($0) }.joined() + decoder.finish() == tokenizer.decode(ids), "\(ids)")
    }
  }

  /// Bytes in a row count together: a whole run is text, or each of its bytes is U+FFFD.
  @Test func bytesThatAreNoTextBecomeOneReplacementEach() throws {
    let tokenizer = try Self.tokenizer("kinds/llama2")
    func ids(_ bytes: UInt8...) -> [Int] { bytes.map { tokenizer.id(of: String(format: "<0x%02X>", $0))! } }
    let a = try #require(tokenizer.id(of: "a"))
    #expect(tokenizer.decode(ids(0xE6, 0x9D, 0xB1)) == "東")
    #expect(tokenizer.decode(ids(0xE6, 0x9D, 0xB1, 0xE6)) == "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}")
    #expect(tokenizer.decode(ids(0xE6) + [a] + ids(0xC3, 0xA9)) == "\u{FFFD}aé")
  }

  /// What a decoder holds back of a prompt is no part of the text behind it.
  @Test func textBehindAPromptLeavesThePromptOut() throws {
    let tokenizer = try Self.tokenizer("kinds/llama2")
    let newline = try #require(tokenizer.id(of: "<0x0A>"))
    let (e6, rest) = (
      tokenizer.id(of: "<0xE6>")!, [0x9D, 0xB1].map { tokenizer.id(of: String(format: "<0x%02X>", $0))! }
    )
    let a = try #require(tokenizer.id(of: "a"))
    func text(_ ids: [Int], behind prompt: [Int]) -> String {
      var decoder = TokenStreamDecoder(tokenizer, behind: prompt)
      return ids.map { decoder.append($0) }.joined() + decoder.finish()
    }
    #expect(text([a], behind: [a, newline]) == "a")
    #expect(text([newline, a], behind: [newline]) == "\na")
    #expect(text(rest + [a], behind: [a, e6]) == "東a")
    #expect(text([], behind: [newline]) == "")
  }

  /// A text that continues another gets no space in front and no special tokens.
  @Test(arguments: ["llama2", "metaspace-first", "metaspace-always", "gemma", "llama3", "gpt2"])
  func continuationsAreTheRestOfTheWhole(_ name: String) throws {
    let tokenizer = try Self.tokenizer(name == "gpt2" ? name : "kinds/\(name)")
    let (text, more) = ("the capital city", " of the country")
    let whole = tokenizer.encode(text + more)
    #expect(tokenizer.startIDs == Array(whole.prefix(name == "gpt2" || name == "llama3" ? 0 : 1)))
    let behind = tokenizer.encode(more, addSpecialTokens: false, isStart: false)
    #expect(whole == tokenizer.encode(text) + behind)
    #expect(tokenizer.decode(behind) == more)
  }

  /// On a real tokenizer.json with its lines, where the environment names them.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["LOCAL_MEMORY_TOKENIZER_LINES"] != nil))
  func encodesAsTheReferenceOnARealTokenizer() throws {
    let path = try #require(ProcessInfo.processInfo.environment["LOCAL_MEMORY_TOKENIZER_LINES"])
    let root = try JSONDocument(path: path).root
    let file = try #require(root["tokenizer"]?.string)
    let tokenizer = try Tokenizer(json: MappedFile(path: file).contents, location: file)
    for item in try #require(root["lines"]).elements {
      let text = try #require(item["text"]?.string)
      #expect(tokenizer.encode(text) == item["ids"]?.elements.compactMap(\.int), "\(text.debugDescription)")
    }
  }

  @Test func streamsHoldBackSplitCharacters() throws {
    let tokenizer = try Self.tokenizer("gpt2")
    let ids = tokenizer.encode("𝕏")
    #expect(ids.count > 1)
    var decoder = TokenStreamDecoder(tokenizer)
    #expect(ids.dropLast().map { decoder.append($0) }.joined() == "")
    #expect(decoder.append(ids.last!) == "𝕏")
    #expect(decoder.append(ids[0]) == "")
    #expect(decoder.finish() == "\u{FFFD}")
  }
}
