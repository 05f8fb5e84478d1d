import Format

/// Cuts text into words, each of which is encoded by itself.
enum PreTokenizer: Sendable {
  case split(TextPattern, SplitBehavior, isInverted: Bool)
  /// A space put in front where `addPrefixSpace`, then cut into `words`; one word where nil.
  case byteLevel(addPrefixSpace: Bool, words: TextPattern?)
  /// Spaces as `replacement`, one more put in front by `scheme`; cut before each match of `separator`.
  case metaspace(replacement: [UInt8], scheme: PrependScheme, separator: TextPattern?)
  case sequence([PreTokenizer])

  enum PrependScheme: String {
    case always, first, never
  }

  static let supported = "ByteLevel, Digits, Metaspace, Split or a Sequence of these"

  private static let gpt2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  /// - Throws: `FormatError` of kind `unsupported` for a kind that is not in `supported`, `tokenizer` for malformed
  ///   fields.
  init(_ value: JSONValue) throws(FormatError) {
    switch value["type"]?.string {
    case "ByteLevel":
      self = .byteLevel(
        addPrefixSpace: try value.flag("add_prefix_space", default: true),
        words: try value.flag("use_regex", default: true) ? try TextPattern(Self.gpt2, location: value.location) : nil)
    case "Digits":
      self = .split(
        try TextPattern(#"\p{N}"#, location: value.location),
        try value.flag("individual_digits", default: false) ? .isolated : .contiguous, isInverted: false)
    case "Metaspace": self = try Self.metaspace(value)
    case "Split":
      self = .split(
        try value.pattern("pattern"), try value.choice("behavior"), isInverted: try value.flag("invert", default: false)
      )
    case "Sequence":
      var parts: [PreTokenizer] = []
      for part in try value.list("pretokenizers") { parts.append(try PreTokenizer(part)) }
      guard !parts.dropLast().contains(where: \.isByteLevel) else {
        throw FormatError(
          .unsupported, value.location, "not supported", expected: "ByteLevel as the last of a sequence",
          got: "another step after it")
      }
      self = .sequence(parts)
    default:
      throw FormatError(
        .unsupported, "\(value.location).type", "this pre-tokenizer is not supported", expected: Self.supported,
        got: value["type"]?.kindDescription ?? value.kindDescription)
    }
  }

  private static func metaspace(_ value: JSONValue) throws(FormatError) -> PreTokenizer {
    let replacement = try value.text("replacement")
    // The older spelling has a flag instead of the scheme.
    let older = try value.flag("add_prefix_space", default: true) ? PrependScheme.always : .never
    return .metaspace(
      replacement: Array(replacement.utf8), scheme: try value.choice("prepend_scheme", default: older),
      separator: try value.flag("split", default: true) ? TextPattern(literal: replacement) : nil)
  }

  /// Whether words are spelled with one character per byte.
  var isByteLevel: Bool {
    switch self {
    case .byteLevel: true
    case .sequence(let parts): parts.last?.isByteLevel ?? false
    case .split, .metaspace: false
    }
  }

  /// The words of pieces of UTF-8 text.
  ///
  /// - Parameters:
  ///   - isFirst: whether the first piece begins the text.
  ///   - isStart: false where other text comes before: no space is put in front then.
  func split(_ pieces: [ArraySlice<UInt8>], isFirst: Bool, isStart: Bool) -> [ArraySlice<UInt8>] {
    switch self {
    case .sequence(let parts):
      return parts.reduce(pieces) { $1.split($0, isFirst: isFirst, isStart: isStart) }
    case .split(let pattern, let behavior, let isInverted):
      return pieces.flatMap { behavior.split($0, by: pattern, isInverted: isInverted) }
    case .byteLevel(let addPrefixSpace, let words):
      return pieces.flatMap { piece in
        let spaced = addPrefixSpace && isStart && piece.first != 0x20 ? ([0x20] + piece)[...] : piece
        return words.map { SplitBehavior.isolated.split(spaced, by: $0, isInverted: false) } ?? [spaced]
      }
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
