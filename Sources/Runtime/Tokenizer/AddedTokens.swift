import Format

/// Tokens that are cut out of a text before all else: end of text, chat marks and the like.
struct AddedTokens {
  struct Token {
    var id: Int
    var content: [UInt8]
    /// The bytes to look for, in the text or in the normalized text.
    var sought: [UInt8]
    var isSpecial: Bool
    var isNormalized: Bool
    var isSingleWord: Bool
    var stripsLeft: Bool
    var stripsRight: Bool
  }

  private(set) var tokens: [Token] = []
  /// The tokens to look for in the text as it is, and those to look for in the normalized text.
  private var plain = ByteTrie()
  private var normalized = ByteTrie()

  /// - Throws: `FormatError` of kind `tokenizer` where an entry lacks an id or content, or where the vocabulary or
  ///   another entry gives its id or content to another token.
  init(_ value: JSONValue?, vocabulary: Vocabulary, normalizer: Normalizer) throws(FormatError) {
    var contents: [Int: [UInt8]] = [:]
    for entry in try value.flatMap({ value throws(FormatError) in value.isNull ? nil : try value.list() }) ?? [] {
      guard let id = entry["id"]?.int, 0..<Vocabulary.idLimit ~= id,
        let content = entry["content"]?.stringBytes
      else {
        throw FormatError(
          .tokenizer, entry.location, "an added token needs an id and content",
          expected: "an id below \(Vocabulary.idLimit)",
          got: entry["id"]?.kindDescription ?? "nothing")
      }
      guard !content.isEmpty else { continue }
      let known = vocabulary.contains(id) ? vocabulary.spelling(id) : content
      guard known == content, vocabulary.id(content) ?? id == id,
        contents.updateValue(content, forKey: id) ?? content == content
      else {
        throw FormatError(
          .tokenizer, entry.location, "id and content belong to different tokens", got: "id \(id)")
      }
      let isNormalized = try entry.flag("normalized", default: false)
      var isFirst = true
      let sought = isNormalized ? Array(normalizer(content[...], isStart: true, isFirst: &isFirst)) : content
      tokens.append(
        Token(
          id: id, content: content, sought: sought,
          isSpecial: try entry.flag("special", default: false), isNormalized: isNormalized,
          isSingleWord: try entry.flag("single_word", default: false),
          stripsLeft: try entry.flag("lstrip", default: false), stripsRight: try entry.flag("rstrip", default: false)))
    }
    // The first of tokens with one text counts.
    for (i, token) in tokens.enumerated().reversed() where !token.sought.isEmpty {
      let isKept =
        token.isNormalized
        ? normalized.insert(token.sought, value: Int32(i)) : plain.insert(token.sought, value: Int32(i))
      guard isKept else { throw FormatError(.tokenizer, value?.location ?? "", "the tokens are too long together") }
    }
  }

  enum Piece {
    /// `isFirst`: whether it begins with the first character of all text.
    case text(ArraySlice<UInt8>, isFirst: Bool)
    case token(Int)
  }

  /// The pieces of a text: added tokens, and the normalized text between them.
  ///
  /// As in the reference library, text between the tokens that are found first is normalized, and then cut by the
  /// others.
  ///
  /// - Parameter isStart: false where other text comes before.
  func split(_ text: [UInt8], normalizer: Normalizer, isStart: Bool) -> [Piece] {
    split(text[...], plain, isFirst: true).flatMap { piece in
      guard case .text(let slice, var isFirst) = piece else { return [piece] }
      let changed = normalizer(slice, isStart: isStart || slice.startIndex > 0, isFirst: &isFirst)
      return split(changed, normalized, isFirst: isFirst)
    }
  }

  private func split(_ text: ArraySlice<UInt8>, _ finder: ByteTrie, isFirst: Bool) -> [Piece] {
    guard !finder.isEmpty else { return text.isEmpty ? [] : [.text(text, isFirst: isFirst)] }
    var result: [Piece] = []
    text.withUnsafeBufferPointer { bytes in
      let offset = text.startIndex
      var (start, i) = (0, 0)
      while i < bytes.count {
        guard let (index, length) = finder.longest(bytes, at: i) else {
          i += 1
          continue
        }
        let token = tokens[Int(index)]
        var (from, to) = (i, i + length)
        i = to
        if token.isSingleWord, Self.isWithinWord(bytes, from..<to) { continue }
        if token.stripsLeft {
          while from > start, let before = Self.space(bytes, endingAt: from) { from = before }
          from = max(from, start)
        }
        if token.stripsRight {
          while to < bytes.count, case let (scalar, end) = UTF8Scalars.read(bytes, to), ScalarCategory.isSpace(scalar) {
            to = end
          }
        }
        if from > start {
          result.append(.text(text[(offset + start)..<(offset + from)], isFirst: isFirst && start == 0))
        }
        if from < to { result.append(.token(token.id)) }
        // As in the library, a token may begin within the white space that the one before took.
        start = to
      }
      if start < bytes.count { result.append(.text(text[(offset + start)...], isFirst: isFirst && start == 0)) }
    }
    return result
  }

  /// The start of the white space that ends at `end`, nil where there is none.
  private static func space(_ bytes: UnsafeBufferPointer<UInt8>, endingAt end: Int) -> Int? {
    let start = UTF8Scalars.before(bytes, end)
    return ScalarCategory.isSpace(UTF8Scalars.read(bytes, start).scalar) ? start : nil
  }

  /// Whether a character of a word is next to `range`.
  private static func isWithinWord(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Bool {
    let before = range.lowerBound > 0 ? UTF8Scalars.before(bytes, range.lowerBound) : nil
    if let before, ScalarCategory.isWord(UTF8Scalars.read(bytes, before).scalar) { return true }
    return range.upperBound < bytes.count && ScalarCategory.isWord(UTF8Scalars.read(bytes, range.upperBound).scalar)
  }
}
