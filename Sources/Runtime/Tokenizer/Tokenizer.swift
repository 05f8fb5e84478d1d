import Format

/// Turns text into token ids and back, by a Hugging Face `tokenizer.json`.
///
/// Supports BPE, byte-level or SentencePiece's, and Unigram, with or without byte fallback; the error for another kind names it.
public final class Tokenizer: Sendable {
  /// 1 + the largest id of a token that is no added one; added tokens of a model that reads images may lie beyond.
  public let vocabularySize: Int
  private let model: any TokenModel
  let decoder: TokenDecoder
  private let normalizer: Normalizer
  /// nil where a whole text is one word.
  private let preTokenizer: PreTokenizer?
  private let added: AddedTokens
  /// The spellings of added tokens by id, as they are looked for.
  private let addedSpellings: [Int: [UInt8]]
  private let specialIDs: Set<Int>
  /// The special tokens that are put before each text.
  public let startIDs: [Int]
  /// The special tokens that are put behind each text.
  private let endIDs: [Int]

  /// - Parameters:
  ///   - json: the bytes of a `tokenizer.json`.
  ///   - location: the name of `json` in errors.
  /// - Throws: `FormatError` of kind `json`, `tokenizer` or `unsupported`.
  public init(json: [UInt8], location: String) throws(FormatError) {
    let root = try JSONDocument(json, location: location).root
    guard let value = root["model"], value.isObject else {
      throw FormatError(.tokenizer, root.location, "model is missing or not an object")
    }
    let preTokenizer = try root["pre_tokenizer"].flatMap { value throws(FormatError) in
      value.isNull ? nil : try PreTokenizer(value)
    }
    model = try TokenModels.read(value, isByteLevel: preTokenizer?.isByteLevel ?? false)
    self.preTokenizer = model.takesBytes ? preTokenizer?.sparingBytes : preTokenizer
    decoder = try TokenDecoder(root["decoder"])
    normalizer = try Normalizer(root["normalizer"])
    let vocabulary = model.vocabulary
    let added = try AddedTokens(root["added_tokens"], vocabulary: vocabulary, normalizer: normalizer)
    self.added = added
    addedSpellings = Dictionary(added.tokens.map { ($0.id, $0.sought) }, uniquingKeysWith: { first, _ in first })
    specialIDs = Set(added.tokens.filter(\.isSpecial).map(\.id))
    var plain = vocabulary.size
    while plain > 0, addedSpellings[plain - 1] != nil || !vocabulary.contains(plain - 1) { plain -= 1 }
    vocabularySize = plain
    (startIDs, endIDs) = try PostProcessor.specialTokens(
      root["post_processor"], limit: max(vocabulary.size, (added.tokens.map(\.id).max() ?? -1) + 1))
  }

  // MARK: - Encoding

  /// The ids of a text; added tokens are recognized in it.
  ///
  /// - Parameters:
  ///   - addSpecialTokens: whether the post-processor's tokens are put around the text.
  ///   - isStart: false for a text that continues another: no space is put in front of its first word.
  public func encode(_ text: String, addSpecialTokens: Bool = true, isStart: Bool = true) -> [Int] {
    var ids = addSpecialTokens ? startIDs : []
    var work: [Int32] = []
    for (i, piece) in added.split(Array(text.utf8), normalizer: normalizer, isStart: isStart).enumerated() {
      switch piece {
      case .token(let id): ids.append(id)
      case .text(let text, var isFirst):
        let words = preTokenizer?.split([text], isFirst: &isFirst, isStart: isStart || i > 0) ?? [text]
        for word in words { word.withUnsafeBufferPointer { model.encode($0, &work, into: &ids) } }
      }
    }
    return addSpecialTokens ? ids + endIDs : ids
  }

  // MARK: - Decoding

  /// The bytes that a token stands for; empty for an id that is not in the vocabulary.
  public func bytes(of id: Int) -> [UInt8] {
    spelling(of: id).map(decoder.bytes) ?? []
  }

  /// The spelling of a token that decoding begins with; nil for an id that is not in the vocabulary.
  func spelling(of id: Int) -> [UInt8]? {
    addedSpellings[id] ?? (model.vocabulary.contains(id) ? model.vocabulary.spelling(id) : nil)
  }

  /// The text of `ids`; bytes that are not UTF-8 become U+FFFD.
  ///
  /// - Parameter isStart: whether `ids` begin a text, rather than continue one: a space that encoding put in front is
  ///   removed then.
  public func decode(_ ids: [Int], skipSpecialTokens: Bool = false, isStart: Bool = false) -> String {
    var stream = TokenStreamDecoder(self, isStart: isStart)
    var text = ""
    for id in ids where !skipSpecialTokens || !specialIDs.contains(id) { text += stream.append(id) }
    return text + stream.finish()
  }

  /// The text of one token; bytes that are not UTF-8 become U+FFFD.
  public func text(of id: Int) -> String { String(decoding: bytes(of: id), as: UTF8.self) }

  /// The id of a token by its spelling in the vocabulary or its added content.
  public func id(of token: String) -> Int? {
    let bytes = Array(token.utf8)
    return added.tokens.first { $0.content == bytes }?.id ?? model.vocabulary.id(bytes)
  }

  /// Whether a token is marked as special: begin, end, chat marks.
  public func isSpecial(_ id: Int) -> Bool { specialIDs.contains(id) }
}
