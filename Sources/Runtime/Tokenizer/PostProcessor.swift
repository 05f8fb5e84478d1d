import Format

/// Reads the special tokens that a tokenizer puts around a text.
enum PostProcessor {
  /// The special tokens before and behind a single text.
  ///
  /// - Parameter limit: the number of ids there are.
  /// - Throws: `FormatError` of kind `unsupported` or `tokenizer`.
  static func specialTokens(_ value: JSONValue?, limit: Int) throws(FormatError) -> (before: [Int], behind: [Int]) {
    guard let value, !value.isNull else { return ([], []) }
    switch value["type"]?.string {
    case "ByteLevel": return ([], [])
    case "Sequence":
      var result: (before: [Int], behind: [Int]) = ([], [])
      for part in try value.list("processors") {
        let (before, behind) = try specialTokens(part, limit: limit)
        result = (before + result.before, result.behind + behind)
      }
      return result
    case "BertProcessing", "RobertaProcessing":
      return ([try token("cls", of: value, limit: limit)], [try token("sep", of: value, limit: limit)])
    case "TemplateProcessing": return try template(value, limit: limit)
    default:
      throw FormatError(
        .unsupported, "\(value.location).type", "this post-processor is not supported",
        expected: "BertProcessing, ByteLevel, RobertaProcessing, TemplateProcessing or a Sequence of these",
        got: value["type"]?.kindDescription ?? "nothing")
    }
  }

  /// The id of a token that is written as its text and its id.
  private static func token(_ key: String, of value: JSONValue, limit: Int) throws(FormatError) -> Int {
    let parts = try value.list(key)
    guard parts.count == 2, let id = parts[1].int, 0..<limit ~= id else {
      throw FormatError(
        .tokenizer, "\(value.location).\(key)", "names no token of the vocabulary",
        expected: "a text and an id below \(limit)",
        got: value[key]?.kindDescription)
    }
    return id
  }

  private static func template(
    _ value: JSONValue, limit: Int
  ) throws(FormatError) -> (before: [Int], behind: [Int]) {
    var result: (before: [Int], behind: [Int]) = ([], [])
    var seenText = false
    for piece in try value.list("single") {
      if piece["Sequence"] != nil {
        seenText = true
        continue
      }
      guard let name = piece["SpecialToken"]?["id"]?.string, let ids = value["special_tokens"]?[name]?["ids"],
        ids.isArray,
        ids.elements.allSatisfy({ $0.int.map { 0..<limit ~= $0 } ?? false })
      else {
        throw FormatError(
          .tokenizer, piece.location, "names no special token with ids of the vocabulary",
          expected: "ids below \(limit)", got: piece.kindDescription)
      }
      let list = ids.elements.compactMap(\.int)
      if seenText { result.behind += list } else { result.before += list }
    }
    return result
  }
}
