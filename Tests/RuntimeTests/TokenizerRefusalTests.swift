import Testing

@testable import Format
@testable import Runtime

/// Files that are malformed or ask for what is not implemented.
@Suite struct TokenizerRefusalTests {
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
  func malformedFilesAreErrors(_ json: String, _ kind: FormatError.Kind) {
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

  @Test(arguments: refusedPatterns)
  func patternsThatAreNotSupportedAreErrorsThatShowThem(_ pattern: String) throws {
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
}
