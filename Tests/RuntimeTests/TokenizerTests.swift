import Foundation
import Testing

@testable import Format
@testable import Runtime

/// Against the `tokenizers` library, by the fixtures that make_tokenizer_fixtures.py wrote.
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

  static let kinds = [
    "llama3", "qwen2", "qwen3.5", "cl100k", "o200k", "tekken", "deepseek", "behaviors", "neox", "added", "llama2",
    "phi3", "llama2-unknown", "metaspace-first", "metaspace-always", "gemma",
  ]

  /// Kinds of tokenizers that published models have, by the fixtures that make_tokenizer_kinds.py wrote.
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

  /// A text that stands behind another gets no space, and special tokens stand at the start alone.
  @Test(arguments: ["llama2", "metaspace-first", "metaspace-always", "gemma", "llama3", "gpt2"])
  func continuations(_ name: String) throws {
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
    (#"{"model":{"type":"BPE","vocab":{"a":0},"merges":[],"unk_token":"b"}}"#, .tokenizer),
    (
      #"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"pre_tokenizer":{"type":"BertPreTokenizer"}}"#, .unsupported
    ),
    (
      #"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"pre_tokenizer":{"type":"Metaspace","replacement":"_","prepend_scheme":"last"}}"#,
      .unsupported
    ),
    (
      #"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"ByteLevel"},{"type":"Digits"}]}}"#,
      .unsupported
    ),
    (
      #"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"decoder":{"type":"Sequence","decoders":[{"type":"Strip","content":" ","start":1,"stop":0}]}}"#,
      .unsupported
    ),
    (
      #"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"decoder":{"type":"WordPiece"}}"#, .unsupported
    ),
    (
      #"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"pre_tokenizer":{"type":"Metaspace"}}"#,
      .tokenizer
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
      try Tokenizer(json: Array(json.utf8), location: "tokenizer.json")
    } throws: { ($0 as? FormatError)?.kind == kind }
  }

  static let refusedPatterns = [
    "a+?", "(ab)+", "(?<=a)b", "(?<name>a)", #"\w+"#, #"\p{Han}"#, #"\p{L"#, #"\bword"#, "[a[bc]]", "[a&&b]", "[b-a]",
    "[ab",
    "(a", "a)", "*", "a{3}+", "a{2,1}", "a{,2}", #"\"#, #"(a)\1"#, #"[[:alpha:]]"#, String(repeating: "|a", count: 64),
    String(repeating: "(", count: 40), String(repeating: "a", count: 5000),
  ]

  /// A pattern that is not supported is an error that shows it.
  @Test(arguments: refusedPatterns)
  func refusesAndShowsPatterns(_ pattern: String) throws {
    let json: JSONNode = [
      "model": ["type": "BPE", "vocab": ["a": 0], "merges": []],
      "pre_tokenizer": [
        "type": "Split", "pattern": ["Regex": .string(pattern)], "behavior": "Isolated", "invert": false,
      ],
    ]
    #expect {
      try Tokenizer(json: json.bytes(), location: "tokenizer.json")
    } throws: { error in
      let error = error as? FormatError
      return error?.kind == .unsupported && error?.description.contains("pre_tokenizer") == true
        && (error?.description.contains(pattern.debugDescription) == true || pattern.count > 100)
    }
  }

  private func parts(_ pattern: String, _ text: String) throws -> [String] {
    let text = Array(text.utf8)
    return SplitBehavior.isolated.split(text[...], by: try TextPattern(pattern, location: ""), isInverted: false).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  /// Alternatives by turn, longest runs first, and back from them where what follows asks for it.
  @Test func patternsMatchAsOniguruma() throws {
    #expect(try parts("a|ab", "abab") == ["a", "b", "a", "b"])
    #expect(try parts("a*ab", "xaaab") == ["x", "aaab"])
    #expect(try parts("a*+ab", "xaaab") == ["xaaab"])
    #expect(try parts("(?:a|ab)?c", "abcac") == ["abc", "ac"])
    #expect(try parts("[^a-cé]+", "abxyéz") == ["ab", "xy", "é", "z"])
    #expect(try parts("(?i:ks)", "KSkſ\u{212A}sk") == ["KS", "kſ", "\u{212A}s", "k"])
    #expect(try parts("é{2}", "ééé") == ["éé", "é"])
    #expect(try parts("^x|y$", "x\nxy\nyx") == ["x", "\n", "x", "y", "\nyx"])
    #expect(try parts("a(?=b)|(?!a)c", "abac") == ["a", "ba", "c"])
    // Each step back from one run lets the next try again: without memory of what has failed this takes years.
    let hostile = String(repeating: "a*", count: 12) + "b"
    #expect(try parts(hostile, String(repeating: "a", count: 200)).count == 1)
    #expect(try parts("x*", "axx") == ["a", "xx"])
    #expect(try parts(#"[\]\-\x{41}]+"#, "a]-Ab") == ["a", "]-A", "b"])
  }
}
