import Format

/// The part of a tokenizer that turns words into tokens: the key `model` of a tokenizer.json.
protocol TokenModel: Sendable {
  var vocabulary: Vocabulary { get }
  /// Whether words may keep their bytes instead of being spelled with one character per byte.
  var takesBytes: Bool { get }

  /// Appends the ids of a word.
  ///
  /// - Parameter work: memory that is reused from word to word.
  func encode(_ word: UnsafeBufferPointer<UInt8>, _ work: inout [Int32], into ids: inout [Int])
}

/// Reads models.
enum TokenModels {
  /// - Parameter isByteLevel: whether words are spelled with one character per byte.
  /// - Throws: `FormatError` of kind `unsupported` or `tokenizer`.
  static func read(_ model: JSONValue, isByteLevel: Bool) throws(FormatError) -> any TokenModel {
    switch model["type"]?.string {
    case "Unigram": return try UnigramModel(model)
    case "BPE": return try BytePairModel(model, isByteLevel: isByteLevel)
    case nil where model["type"] == nil: return try BytePairModel(model, isByteLevel: isByteLevel)
    case let name:
      let isKnown = ["WordLevel", "WordPiece"].contains(name)
      throw FormatError(
        .unsupported, "\(model.location).type",
        isKnown ? "no published causal model has this kind of tokenizer; it is not supported" : "not supported",
        expected: "BPE or Unigram", got: model["type"]?.kindDescription)
    }
  }

  /// Refuses options that this program does not have, unless they ask for nothing.
  static func refuse(_ options: [String], of model: JSONValue) throws(FormatError) {
    for option in options {
      guard let value = model[option], !value.isNeutral else { continue }
      throw FormatError(
        .unsupported, value.location, "this option is not supported", expected: "null", got: value.kindDescription)
    }
  }
}

extension Vocabulary {
  /// Adds a token of a file.
  ///
  /// - Throws: `FormatError` of kind `tokenizer` where its id is out of range, or id or text is another token's.
  mutating func add(
    _ token: JSONValue, id: Int?, got: JSONValue, in location: String
  ) throws(FormatError) {
    guard let id, 0..<Self.idLimit ~= id else {
      throw FormatError(
        .tokenizer, location, "the id of token \(token.kindDescription) is out of range",
        expected: "an integer from 0 to \(Self.idLimit - 1)", got: got.kindDescription)
    }
    guard token.withStringBytes({ insert($0, id: id) }) == true else {
      throw FormatError(.tokenizer, location, "two tokens have the id \(id)", got: token.kindDescription)
    }
  }
}
