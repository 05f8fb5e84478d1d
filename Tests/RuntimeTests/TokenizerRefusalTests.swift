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
      #"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"pre_tokenizer":{"type":"UnicodeScripts"}}"#, .unsupported
    ),
    (
      #"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"pre_tokenizer":{"type":"Metaspace","replacement":"_","prepend_scheme":"last"}}"#,
      .unsupported
    ),
    (
      #"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"decoder":{"type":"Strip","content":"  ","start":1,"stop":0}}"#,
      .tokenizer
    ),
    (
      #"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"decoder":{"type":"Strip","content":" ","start":-1,"stop":0}}"#,
      .tokenizer
    ),
    (
      #"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"decoder":{"type":"WordPiece"}}"#, .unsupported
    ),
    (
      #"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"pre_tokenizer":{"type":"Metaspace"}}"#,
      .tokenizer
    ),
    (
      #"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"pre_tokenizer":{"type":"ByteLevel"},"normalizer":{"type":"BertNormalizer"}}"#,
      .unsupported
    ),
    (
      #"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"pre_tokenizer":{"type":"ByteLevel"},"added_tokens":[{"content":"x"}]}"#,
      .tokenizer
    ),
    (#"{"model":{"type":"WordLevel","vocab":{"a":0}}}"#, .unsupported),
    (#"{"model":{"type":"BPE","vocab":{"a":0},"merges":[],"dropout":0.1}}"#, .unsupported),
    (#"{"model":{"type":"BPE","vocab":{"a":0},"merges":[],"end_of_word_suffix":"</w>"}}"#, .unsupported),
    (#"{"model":{"type":"Unigram","vocab":{"a":0}}}"#, .tokenizer),
    (#"{"model":{"type":"Unigram","vocab":[]}}"#, .tokenizer),
    (#"{"model":{"type":"Unigram","vocab":[["a"]]}}"#, .tokenizer),
    (#"{"model":{"type":"Unigram","vocab":[["a","0"]]}}"#, .tokenizer),
    (#"{"model":{"type":"Unigram","vocab":[["a",1e999]]}}"#, .tokenizer),
    (#"{"model":{"type":"Unigram","vocab":[["a",0],["a",1]]}}"#, .tokenizer),
    (#"{"model":{"type":"Unigram","vocab":[["a",0]],"unk_id":1}}"#, .tokenizer),
    (#"{"model":{"type":"Unigram","vocab":[["a",0]],"unk_id":-1}}"#, .tokenizer),
    (
      #"{"model":{"type":"Unigram","vocab":[["a",0]]},"normalizer":{"type":"Precompiled","precompiled_charsmap":"AA"}}"#,
      .tokenizer
    ),
    (
      #"{"model":{"type":"Unigram","vocab":[["a",0]]},"normalizer":{"type":"Precompiled","precompiled_charsmap":"/////w=="}}"#,
      .tokenizer
    ),
    (
      #"{"model":{"type":"Unigram","vocab":[["a",0]]},"post_processor":{"type":"RobertaProcessing","sep":["b",1],"cls":["a",0]}}"#,
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
    #"\p{Klingon}"#, #"\p{L"#, "[b-a]", "[ab", "(a", "a)", "*", "a{2,1}", #"\"#, #"(a)\1"#, #"\k<a>"#, #"\Xa"#, "(?~a)",
    "(?x:a)",
    "[[:alfa:]]", "[a-\\d]", "(?<=a+)b", "(?=a)*", "(?i:ss)", "(?i:ß)", #"\u12"#, #"\x{110000}"#, "(?i", "(?<n a)",
    String(repeating: "(", count: 40), String(repeating: "[", count: 40), String(repeating: "a", count: 5000),
    "a" + String(repeating: "*", count: 40), "(?:(?:ab){1000}){1000}",
  ]

  /// Options that ask for nothing are as good as absent.
  @Test func neutralOptionsAreAccepted() throws {
    for option in [
      #""dropout":0.0"#, #""dropout":0"#, #""dropout":null"#, #""continuing_subword_prefix":"""#,
      #""end_of_word_suffix":"""#, #""unk_token":"""#,
    ] {
      let json = #"{"model":{"type":"BPE","vocab":{"a":0},"merges":[],\#(option)},"truncation":null,"padding":null}"#
      #expect(try Tokenizer(json: Array(json.utf8), location: "").encode("aba") == [0, 0], "\(option)")
    }
  }

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
