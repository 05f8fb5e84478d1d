import Format

/// Tokens that are found in the text before anything else is done to it: end of text, chat marks and the like.
struct AddedTokens {
  struct Token {
    var id: Int
    var content: [UInt8]
    var isSpecial: Bool
    var isNormalized: Bool
    var isSingleWord: Bool
    var stripsLeft: Bool
    var stripsRight: Bool
  }

  private(set) var tokens: [Token] = []
  /// By first byte, the longest first.
  private var byFirstByte: [UInt8: [Token]] = [:]

  /// - Throws: `FormatError` of kind `tokenizer` where an entry lacks an id or content, or id and content do not belong
  ///   together in the vocabulary or in another entry.
  init(_ value: JSONValue?, vocabulary: Vocabulary) throws(FormatError) {
    var contents: [Int: [UInt8]] = [:]
    for entry in try value.flatMap({ value throws(FormatError) in value.isNull ? nil : try value.list() }) ?? [] {
      guard let id = entry["id"]?.int, 0..<Vocabulary.idLimit ~= id,
        let content = entry["content"]?.stringBytes
      else {
        throw FormatError(
          .tokenizer, entry.place, "an added token needs an id and content",
          expected: "an id below \(Vocabulary.idLimit)",
          got: entry["id"]?.kindDescription ?? "nothing")
      }
      guard !content.isEmpty else { continue }
      let known = vocabulary.contains(id) ? vocabulary.spelling(id) : content
      guard known == content, vocabulary.id(content) ?? id == id,
        contents.updateValue(content, forKey: id) ?? content == content
      else {
        throw FormatError(
          .tokenizer, entry.place, "id and content belong to different tokens", got: "id \(id)")
      }
      tokens.append(
        Token(
          id: id, content: content, isSpecial: try entry.flag("special", default: false),
          isNormalized: try entry.flag("normalized", default: false),
          isSingleWord: try entry.flag("single_word", default: false),
          stripsLeft: try entry.flag("lstrip", default: false), stripsRight: try entry.flag("rstrip", default: false)))
    }
    for token in tokens { byFirstByte[token.content[0], default: []].append(token) }
    for key in byFirstByte.keys { byFirstByte[key]?.sort { $0.content.count > $1.content.count } }
  }

  enum Piece {
    case text(ArraySlice<UInt8>)
    case token(Int)
  }

  /// The text with its added tokens cut out, those that are not normalized first, as the reference library does.
  func split(_ text: [UInt8]) -> [Piece] {
    guard !byFirstByte.isEmpty else { return text.isEmpty ? [] : [.text(text[...])] }
    return [false, true].reduce([Piece.text(text[...])]) { pieces, normalized in
      pieces.flatMap { piece in
        guard case .text(let slice) = piece else { return [piece] }
        return split(slice, normalized: normalized)
      }
    }
  }

  private func split(_ text: ArraySlice<UInt8>, normalized: Bool) -> [Piece] {
    var result: [Piece] = []
    var start = text.startIndex
    var i = text.startIndex
    while i < text.endIndex {
      guard let token = match(text, at: i, normalized: normalized) else {
        i += 1
        continue
      }
      var (from, to) = (i, i + token.content.count)
      if token.stripsLeft { while from > start, Self.isSpace(text[from - 1]) { from -= 1 } }
      if token.stripsRight { while to < text.endIndex, Self.isSpace(text[to]) { to += 1 } }
      if from > start { result.append(.text(text[start..<from])) }
      result.append(.token(token.id))
      start = to
      i = to
    }
    if start < text.endIndex { result.append(.text(text[start...])) }
    return result
  }

  private func match(_ text: ArraySlice<UInt8>, at i: Int, normalized: Bool) -> Token? {
    byFirstByte[text[i]]?.first { token in
      guard token.isNormalized == normalized, text[i...].starts(with: token.content) else { return false }
      guard token.isSingleWord else { return true }
      let end = i + token.content.count
      return !(i > text.startIndex && Self.isWord(text[i - 1]))
        && !(end < text.endIndex && Self.isWord(text[end]))
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0D ~= byte }

  private static func isWord(_ byte: UInt8) -> Bool {
    byte >= 0x80 || byte == UInt8(ascii: "_") || 0x30...0x39 ~= byte || 0x41...0x5A ~= byte
      || 0x61...0x7A ~= byte
  }
}
