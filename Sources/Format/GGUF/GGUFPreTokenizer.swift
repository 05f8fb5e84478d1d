/// A pre-tokenizer of a byte-level vocabulary by llama.cpp's name, as the `tokenizers` library writes it.
struct GGUFPreTokenizer {
  let json: JSONNode
  /// Whether whole words are looked up before anything is merged.
  let ignoresMerges: Bool
  /// Whether texts get a begin token where the file does not say.
  var beginsByDefault: Bool { ignoresMerges }
  /// Whether a space can be put in front of a text.
  let takesPrefixSpace: Bool

  private static let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
  private static let spaces = #"|\s*[\r\n]+|\s+(?!\S)|\s+"#
  private static let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
  private static let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#

  /// GPT-4's pattern, with numbers of `digits` digits.
  private static func cl100k(_ digits: String) -> String {
    contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"# + digits + #"| ?[^\s\p{L}\p{N}]+[\r\n]*"# + spaces
  }

  /// GPT-4o's pattern.
  private static func o200k(_ contractions: String, _ digits: String) -> String {
    let first = #"[^\r\n\p{L}\p{N}]?"#
    return first + upper + "*" + lower + "+" + contractions + "|" + first + upper + "+" + lower + "*" + contractions
      + #"|\p{N}"# + digits + #"| ?[^\s\p{L}\p{N}]+[\r\n/]*"# + spaces
  }

  private static let kinds: [(names: [String], patterns: [String], ignoresMerges: Bool)] = [
    (
      ["llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2"], [cl100k("{1,3}")],
      true
    ),
    (["dbrx", "smaug-bpe", "chatglm-bpe", "glm4"], [cl100k("{1,3}")], false),
    (["qwen2", "stablelm2", "megrez", "deepseek-r1-qwen", "kormo"], [cl100k("")], false),
    (
      ["qwen35"],
      [
        contractions + #"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*"# + spaces
      ], false
    ),
    (["gpt-4o", "llama4"], [o200k(contractions + "?", "{1,3}")], false),
    (["tekken"], [o200k("", "")], true),
    (
      ["deepseek-v3"],
      [
        #"\p{N}{1,3}"#, "[一-龥぀-ゟ゠-ヿ]+",
        ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"##
          + spaces,
      ], false
    ),
  ]
  private static let words = [
    "default", "gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "gigachat", "a.x-4.0", "mellum", "exaone4",
  ]
  private static let digits = ["smollm", "starcoder", "refact", "command-r", "codeshell"]

  static let names = words + digits + kinds.flatMap(\.names)

  static func byteLevel(addPrefixSpace: Bool, useWords: Bool = true) -> JSONNode {
    [
      "type": "ByteLevel", "add_prefix_space": .bool(addPrefixSpace), "trim_offsets": true,
      "use_regex": .bool(useWords),
    ]
  }

  private static func sequence(_ parts: [JSONNode]) -> JSONNode {
    ["type": "Sequence", "pretokenizers": .array(parts)]
  }

  /// The pre-tokenizer of that name; nil where it is unknown.
  init?(_ name: String, addPrefixSpace: Bool) {
    takesPrefixSpace = Self.words.contains(name)
    if takesPrefixSpace {
      (json, ignoresMerges) = (Self.byteLevel(addPrefixSpace: addPrefixSpace), false)
    } else if Self.digits.contains(name) {
      json = Self.sequence([["type": "Digits", "individual_digits": true], Self.byteLevel(addPrefixSpace: false)])
      ignoresMerges = false
    } else if let kind = Self.kinds.first(where: { $0.names.contains(name) }) {
      let splits = kind.patterns.map { pattern -> JSONNode in
        ["type": "Split", "pattern": ["Regex": .string(pattern)], "behavior": "Isolated", "invert": false]
      }
      json = Self.sequence(splits + [Self.byteLevel(addPrefixSpace: false, useWords: false)])
      ignoresMerges = kind.ignoresMerges
    } else {
      return nil
    }
  }
}
