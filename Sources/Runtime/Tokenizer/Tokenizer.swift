import Format

/// Turns text into token ids and back, by a Hugging Face `tokenizer.json`.
///
/// Supports BPE, byte-level or SentencePiece's, with or without byte fallback; the error for another kind names it.
public final class Tokenizer: Sendable {
  /// 1 + the largest id of a token that is no added one; added tokens of a model that reads images may lie beyond.
  public let vocabularySize: Int
  private let vocabulary: Vocabulary
  private let merger: BytePairMerger
  private let symbols: SymbolAlphabet
  private let spelling: TokenSpelling
  private let normalizer: Normalizer
  /// nil where a whole text is one word.
  private let preTokenizer: PreTokenizer?
  private let added: AddedTokens
  /// The bytes of added tokens by id.
  private let addedBytes: [Int: [UInt8]]
  private let specialIDs: Set<Int>
  private let ignoresMerges: Bool
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
    guard let model = root["model"], model.isObject else {
      throw FormatError(.tokenizer, root.location, "model is missing or not an object")
    }
    try Self.requireBPE(model)
    let vocabulary = try Self.vocabulary(model)
    self.vocabulary = vocabulary
    guard let merges = model["merges"], merges.isArray else {
      throw FormatError(.tokenizer, model.location, "merges is missing or not an array")
    }
    merger = try BytePairMerger(merges, vocabulary: vocabulary)
    ignoresMerges = try model.flag("ignore_merges", default: false)
    preTokenizer = try root["pre_tokenizer"].flatMap { value throws(FormatError) in
      value.isNull ? nil : try PreTokenizer(value)
    }
    let isByteLevel = preTokenizer?.isByteLevel ?? false
    symbols = try SymbolAlphabet(model, vocabulary: vocabulary, isByteLevel: isByteLevel)
    spelling = try TokenSpelling(root["decoder"], isByteLevel: isByteLevel)
    normalizer = try Normalizer(root["normalizer"])
    let added = try AddedTokens(root["added_tokens"], vocabulary: vocabulary, normalizer: normalizer)
    self.added = added
    let spelling = spelling
    addedBytes = Dictionary(
      added.tokens.map { ($0.id, spelling.bytes(ofAdded: $0.sought)) }, uniquingKeysWith: { first, _ in first })
    specialIDs = Set(added.tokens.filter(\.isSpecial).map(\.id))
    var plain = vocabulary.size
    while plain > 0, addedBytes[plain - 1] != nil || !vocabulary.contains(plain - 1) { plain -= 1 }
    vocabularySize = plain
    (startIDs, endIDs) = try PostProcessor.specialTokens(
      root["post_processor"], limit: max(vocabulary.size, (added.tokens.map(\.id).max() ?? -1) + 1))
  }

  private static func requireBPE(_ model: JSONValue) throws(FormatError) {
    func refuse(_ value: JSONValue, _ expected: String) -> FormatError {
      FormatError(.unsupported, value.location, "not supported", expected: expected, got: value.kindDescription)
    }
    if let type = model["type"], type.string != "BPE" { throw refuse(type, "BPE") }
    for key in ["dropout", "continuing_subword_prefix", "end_of_word_suffix"] {
      guard let value = model[key], !value.isNull, value.string != "" else { continue }
      throw refuse(value, "null")
    }
  }

  private static func vocabulary(_ model: JSONValue) throws(FormatError) -> Vocabulary {
    guard let entries = model["vocab"], entries.isObject, entries.count > 0 else {
      throw FormatError(.tokenizer, model.location, "vocab is missing, empty or not an object")
    }
    var vocabulary = Vocabulary(capacity: entries.count)
    try entries.forEachMember { key, value throws(FormatError) in
      guard let id = value.int, 0..<Vocabulary.idLimit ~= id else {
        throw FormatError(
          .tokenizer, entries.location, "the id of token \(key.kindDescription) is out of range",
          expected: "an integer from 0 to \(Vocabulary.idLimit - 1)", got: value.kindDescription)
      }
      guard key.withStringBytes({ vocabulary.insert($0, id: id) }) == true else {
        throw FormatError(.tokenizer, entries.location, "two tokens have the id \(id)", got: key.kindDescription)
      }
    }
    return vocabulary
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
      case .text(let text):
        let words =
          preTokenizer?.split([text], isFirst: i == 0, isStart: isStart || i > 0) ?? (text.isEmpty ? [] : [text])
        for word in words { encode(word, &work, into: &ids) }
      }
    }
    return addSpecialTokens ? ids + endIDs : ids
  }

  /// - Parameter work: memory that is reused from word to word.
  private func encode(_ word: ArraySlice<UInt8>, _ work: inout [Int32], into ids: inout [Int]) {
    word.withUnsafeBufferPointer { bytes in
      if ignoresMerges, let id = symbols.whole(bytes, vocabulary) {
        ids.append(id)
        return
      }
      work.removeAll(keepingCapacity: true)
      symbols.append(bytes, vocabulary, to: &work)
      merger.merge(&work)
      for symbol in work { ids.append(Int(symbol)) }
    }
  }

  // MARK: - Decoding

  /// The bytes that a token stands for; empty for an id that is not in the vocabulary.
  public func bytes(of id: Int) -> [UInt8] {
    if let bytes = addedBytes[id] { return bytes }
    return spelling.bytes(of: vocabulary.spelling(id))
  }

  /// The text of `ids`; bytes that are not UTF-8 become U+FFFD.
  ///
  /// - Parameter isStart: whether `ids` begin a text, rather than continue one: a space that encoding put in front is
  ///   removed then.
  public func decode(_ ids: [Int], skipSpecialTokens: Bool = false, isStart: Bool = false) -> String {
    let kept = skipSpecialTokens ? ids.filter { !specialIDs.contains($0) } : ids
    let bytes = kept.flatMap(bytes(of:))
    return String(decoding: isStart ? bytes.dropFirst(spelling.stripped(of: bytes)) : bytes[...], as: UTF8.self)
  }

  /// The text of one token; bytes that are not UTF-8 become U+FFFD.
  public func text(of id: Int) -> String { String(decoding: bytes(of: id), as: UTF8.self) }

  /// The id of a token by its spelling in the vocabulary or its added content.
  public func id(of token: String) -> Int? {
    let bytes = Array(token.utf8)
    return added.tokens.first { $0.content == bytes }?.id ?? vocabulary.id(bytes)
  }

  /// Whether a token is marked as special: begin, end, chat marks.
  public func isSpecial(_ id: Int) -> Bool { specialIDs.contains(id) }
}
