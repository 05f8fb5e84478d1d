import Format

/// Cuts text into words, each of which is encoded by itself.
enum PreTokenizer: Sendable {
  case split(TextPattern, SplitBehavior, isInverted: Bool)
  /// A space put in front where `addPrefixSpace`, then cut into `words`; one word where nil. Each byte becomes a character
  /// where `isSpelled`.
  case byteLevel(addPrefixSpace: Bool, words: TextPattern?, isSpelled: Bool)
  /// Spaces as `replacement`, one more put in front by `scheme`; cut before each match of `separator`.
  case metaspace(replacement: [UInt8], scheme: PrependScheme, separator: TextPattern?)
  case sequence([PreTokenizer])

  enum PrependScheme: String {
    case always, first, never

    /// The scheme of a Metaspace; an older spelling has a flag instead.
    init(_ value: JSONValue) throws(FormatError) {
      let older = try value.flag("add_prefix_space", default: true) ? PrependScheme.always : .never
      self = try value.choice("prepend_scheme", default: older)
    }
  }

  static let supported =
    "BertPreTokenizer, ByteLevel, CharDelimiterSplit, Digits, Metaspace, Punctuation, Split, Whitespace, WhitespaceSplit or a Sequence of these"

  private static let gpt2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  /// - Throws: `FormatError` of kind `unsupported` for a kind that is not in `supported`, `tokenizer` for malformed
  ///   fields.
  init(_ value: JSONValue) throws(FormatError) {
    switch value["type"]?.string {
    case "ByteLevel":
      self = .byteLevel(
        addPrefixSpace: try value.flag("add_prefix_space", default: true),
        words: try value.flag("use_regex", default: true) ? try TextPattern(Self.gpt2, location: value.location) : nil,
        isSpelled: true)
    case "BertPreTokenizer":
      self = .sequence([.spaces, .split(TextPattern(ScalarCategory.punctuation), .isolated, isInverted: false)])
    case "CharDelimiterSplit":
      self = .split(TextPattern(ScalarSet(try value.scalar("delimiter").value)), .removed, isInverted: false)
    case "Digits":
      self = .split(
        TextPattern(ScalarCategory.numbers),
        try value.flag("individual_digits", default: false) ? .isolated : .contiguous, isInverted: false)
    case "Metaspace":
      let replacement = try value.scalar("replacement")
      self = .metaspace(
        replacement: Array(String(replacement).utf8), scheme: try PrependScheme(value),
        separator: try value.flag("split", default: true) ? TextPattern(ScalarSet(replacement.value)) : nil)
    case "Punctuation":
      self = .split(
        TextPattern(ScalarCategory.punctuation), try value.choice("behavior", default: .isolated), isInverted: false)
    case "Split":
      self = .split(
        try value.pattern("pattern"), try value.choice("behavior"), isInverted: try value.flag("invert", default: false)
      )
    case "Whitespace": self = .split(.words, .removed, isInverted: true)
    case "WhitespaceSplit": self = .spaces
    case "Sequence":
      var parts: [PreTokenizer] = []
      for part in try value.list("pretokenizers") { parts.append(try PreTokenizer(part)) }
      self = .sequence(parts)
    default:
      throw FormatError(
        .unsupported, "\(value.location).type", "this pre-tokenizer is not supported", expected: Self.supported,
        got: value["type"]?.kindDescription ?? value.kindDescription)
    }
  }

  private static var spaces: PreTokenizer { .split(TextPattern(ScalarCategory.spaces), .removed, isInverted: false) }

  /// Whether the last step spells words with one character per byte.
  var isByteLevel: Bool {
    switch self {
    case .byteLevel: true
    case .sequence(let parts): parts.last?.isByteLevel ?? false
    case .split, .metaspace: false
    }
  }

  /// The same steps, the last of which leaves bytes as they are.
  var sparingBytes: PreTokenizer {
    switch self {
    case .byteLevel(let addPrefixSpace, let words, _):
      .byteLevel(addPrefixSpace: addPrefixSpace, words: words, isSpelled: false)
    case .sequence(let parts): .sequence(parts.dropLast() + parts.suffix(1).map(\.sparingBytes))
    case .split, .metaspace: self
    }
  }

  /// The words of pieces of UTF-8 text.
  ///
  /// - Parameters:
  ///   - isFirst: whether the first piece begins with the first character of the text; the same of the first word afterwards.
  ///   - isStart: false where other text comes before: no space is put in front then.
  func split(_ pieces: [ArraySlice<UInt8>], isFirst: inout Bool, isStart: Bool) -> [ArraySlice<UInt8>] {
    switch self {
    case .sequence(let parts):
      return parts.reduce(pieces) { $1.split($0, isFirst: &isFirst, isStart: isStart) }
    case .split(let pattern, let behavior, let isInverted):
      let words = pieces.flatMap { behavior.split($0, by: pattern, isInverted: isInverted) }
      isFirst = isFirst && words.first?.startIndex == pieces.first?.startIndex
      return words
    case .byteLevel(let addPrefixSpace, let words, let isSpelled):
      let words = pieces.flatMap { piece in
        let spaced = addPrefixSpace && isStart && piece.first != 0x20 ? ([0x20] + piece)[...] : piece
        return words.map { SplitBehavior.isolated.split(spaced, by: $0, isInverted: false) } ?? [spaced]
      }
      return isSpelled ? words.map { ByteLevelAlphabet.spelling(of: $0)[...] } : words
    case .metaspace(let replacement, let scheme, let separator):
      return pieces.enumerated().flatMap { i, piece in
        var text: [UInt8] = []
        text.reserveCapacity(piece.count + piece.count / 2)
        for byte in piece { if byte == 0x20 { text += replacement } else { text.append(byte) } }
        let isPrepended = scheme == .always || scheme == .first && isFirst && i == 0
        if isPrepended, isStart, !text.starts(with: replacement) { text = replacement + text }
        return separator.map { SplitBehavior.mergedWithNext.split(text[...], by: $0, isInverted: false) } ?? [text[...]]
      }
    }
  }
}

extension TextPattern {
  /// Runs of what Rust's regular expressions count as words, and of other characters that are no white space.
  fileprivate static var words: TextPattern {
    let words = ScalarCategory.rustWords
    let others = words.union(ScalarCategory.spaces).complement
    return TextPattern(.either([words, others].map { .repeated(.set($0), min: 1, max: .max, .greedy) }))
  }
}
