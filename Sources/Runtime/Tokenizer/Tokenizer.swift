import Format

/// Text to token ids and back, as a Hugging Face `tokenizer.json` says.
///
/// Byte-level BPE. What a file asks for beyond that is an error that names it.
public final class Tokenizer: Sendable {
  /// 1 + the largest id.
  public let vocabularySize: Int
  private let vocabulary: Vocabulary
  private let merger: BytePairMerger
  private let preTokenizer: PreTokenizer
  private let added: AddedTokens
  private let addedContent: [Int: [UInt8]]
  private let specialIDs: Set<Int>
  /// The token of each single byte, −1 where the vocabulary has none.
  private let byteTokens: [Int32]
  private let ignoresMerges: Bool
  /// Special tokens put before and behind a text.
  private let before: [Int]
  private let behind: [Int]

  /// - Parameters:
  ///   - json: the bytes of a `tokenizer.json`.
  ///   - place: what they are, for error messages.
  /// - Throws: `FormatError` of kind `json`, `tokenizer` or `unsupported`.
  public init(json: [UInt8], place: String) throws(FormatError) {
    let root = try JSONDocument(json, place: place).root
    guard let model = root["model"], model.isObject else {
      throw FormatError(.tokenizer, root.place, "model is missing or not an object")
    }
    try Self.requireByteLevelBPE(root, model)
    let vocabulary = try Self.vocabulary(model)
    self.vocabulary = vocabulary
    guard let merges = model["merges"], merges.isArray else {
      throw FormatError(.tokenizer, model.place, "merges is missing or not an array")
    }
    merger = try BytePairMerger(merges, vocabulary: vocabulary)
    ignoresMerges = try model.flag("ignore_merges", default: false)
    guard let pre = root["pre_tokenizer"], !pre.isNull else {
      throw FormatError(
        .unsupported, "\(root.place): pre_tokenizer", "not supported", expected: PreTokenizer.supported,
        got: "none")
    }
    preTokenizer = try PreTokenizer(pre)
    let added = try AddedTokens(root["added_tokens"], vocabulary: vocabulary)
    self.added = added
    addedContent = Dictionary(
      added.tokens.map { ($0.id, $0.content) }, uniquingKeysWith: { first, _ in first })
    specialIDs = Set(added.tokens.filter(\.isSpecial).map(\.id))
    vocabularySize = max(vocabulary.size, (added.tokens.map(\.id).max() ?? -1) + 1)
    byteTokens = ByteLevelAlphabet.scalars.map { scalar in
      Int32(vocabulary.id(Array(String(Unicode.Scalar(scalar)!).utf8)) ?? -1)
    }
    (before, behind) = try PostProcessor.specialTokens(root["post_processor"], limit: vocabularySize)
  }

  private static func requireByteLevelBPE(_ root: JSONValue, _ model: JSONValue) throws(FormatError) {
    func refuse(_ value: JSONValue, _ expected: String) -> FormatError {
      FormatError(
        .unsupported, value.place, "not supported", expected: expected,
        got: value["type"]?.kindDescription ?? value.kindDescription)
    }
    if let type = model["type"], type.string != "BPE" { throw refuse(type, "BPE") }
    for key in ["dropout", "continuing_subword_prefix", "end_of_word_suffix"] {
      guard let value = model[key], !value.isNull, value.string != "" else { continue }
      throw refuse(value, "null")
    }
    if let value = model["byte_fallback"], value.bool == true { throw refuse(value, "false") }
    if let normalizer = root["normalizer"], !normalizer.isNull { throw refuse(normalizer, "null") }
    if let decoder = root["decoder"], !decoder.isNull, decoder["type"]?.string != "ByteLevel" {
      throw refuse(decoder, "ByteLevel")
    }
  }

  private static func vocabulary(_ model: JSONValue) throws(FormatError) -> Vocabulary {
    guard let entries = model["vocab"], entries.isObject, entries.count > 0 else {
      throw FormatError(.tokenizer, model.place, "vocab is missing, empty or not an object")
    }
    var vocabulary = Vocabulary(capacity: entries.count)
    try entries.forEachMember { key, value throws(FormatError) in
      guard let id = value.int, 0..<Vocabulary.idLimit ~= id else {
        throw FormatError(
          .tokenizer, entries.place, "the id of token \(key.kindDescription) is out of range",
          expected: "an integer from 0 to \(Vocabulary.idLimit - 1)", got: value.kindDescription)
      }
      guard key.withStringBytes({ vocabulary.insert($0, id: id) }) == true else {
        throw FormatError(.tokenizer, entries.place, "two tokens have the id \(id)", got: key.kindDescription)
      }
    }
    return vocabulary
  }

  // MARK: - Encoding

  /// The ids of a text; added tokens that stand in it are recognised.
  ///
  /// - Parameter addSpecialTokens: whether what the post-processor puts around a text is added.
  public func encode(_ text: String, addSpecialTokens: Bool = true) -> [Int] {
    var ids = addSpecialTokens ? before : []
    for piece in added.split(Array(text.utf8)) {
      switch piece {
      case .token(let id): ids.append(id)
      case .text(let text):
        for word in preTokenizer.split([text]) { encode(word, into: &ids) }
      }
    }
    return addSpecialTokens ? ids + behind : ids
  }

  private func encode(_ word: ArraySlice<UInt8>, into ids: inout [Int]) {
    if ignoresMerges, let id = vocabulary.id(spelling(word)) {
      ids.append(id)
      return
    }
    var symbols: [Int32] = []
    symbols.reserveCapacity(word.count)
    for byte in word where byteTokens[Int(byte)] >= 0 { symbols.append(byteTokens[Int(byte)]) }
    merger.merge(&symbols)
    for symbol in symbols { ids.append(Int(symbol)) }
  }

  private func spelling(_ word: ArraySlice<UInt8>) -> [UInt8] {
    var result = String.UnicodeScalarView()
    for byte in word { result.append(Unicode.Scalar(ByteLevelAlphabet.scalars[Int(byte)])!) }
    return Array(String(result).utf8)
  }

  // MARK: - Decoding

  /// The bytes that a token stands for; none for an id that is not in the vocabulary.
  public func bytes(of id: Int) -> [UInt8] {
    if let content = addedContent[id] { return content }
    var result: [UInt8] = []
    vocabulary.spelling(id).withUnsafeBufferPointer { ByteLevelAlphabet.appendBytes(of: $0, to: &result) }
    return result
  }

  /// The text of `ids`; bytes that are not UTF-8 become U+FFFD.
  public func decode(_ ids: [Int], skipSpecialTokens: Bool = false) -> String {
    let kept = skipSpecialTokens ? ids.filter { !specialIDs.contains($0) } : ids
    return String(decoding: kept.flatMap(bytes(of:)), as: UTF8.self)
  }

  /// One token for display.
  public func text(of id: Int) -> String { String(decoding: bytes(of: id), as: UTF8.self) }

  /// The id of a token by its spelling in the vocabulary or its added content.
  public func id(of token: String) -> Int? {
    let bytes = Array(token.utf8)
    return added.tokens.first { $0.content == bytes }?.id ?? vocabulary.id(bytes)
  }

  /// Whether a token is marked as special: begin, end, chat marks.
  public func isSpecial(_ id: Int) -> Bool { specialIDs.contains(id) }
}
