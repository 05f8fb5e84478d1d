import Format

/// What a tokenizer puts around a text.
enum PostProcessor {
  /// The special tokens before and behind a single text.
  ///
  /// - Throws: `FormatError` of kind `unsupported` or `tokenizer`.
  static func specialTokens(_ value: JSONValue?) throws(FormatError) -> (before: [Int], behind: [Int]) {
    guard let value, !value.isNull else { return ([], []) }
    switch value["type"]?.string {
    case "ByteLevel": return ([], [])
    case "Sequence":
      var result: (before: [Int], behind: [Int]) = ([], [])
      for part in value["processors"]?.elements ?? [] {
        let (before, behind) = try specialTokens(part)
        result = (before + result.before, result.behind + behind)
      }
      return result
    case "TemplateProcessing": return try template(value)
    default:
      throw FormatError(
        .unsupported, "\(value.place).type", "this post-processor is not supported",
        expected: "ByteLevel, TemplateProcessing or a Sequence of these",
        got: value["type"]?.kindDescription ?? "nothing")
    }
  }

  private static func template(_ value: JSONValue) throws(FormatError) -> (before: [Int], behind: [Int]) {
    var result: (before: [Int], behind: [Int]) = ([], [])
    var seenText = false
    for piece in value["single"]?.elements ?? [] {
      if piece["Sequence"] != nil {
        seenText = true
        continue
      }
      guard let name = piece["SpecialToken"]?["id"]?.string, let ids = value["special_tokens"]?[name]?["ids"],
        ids.isArray,
        ids.elements.allSatisfy({ $0.int != nil })
      else {
        throw FormatError(
          .tokenizer, piece.place, "names a special token without ids", got: piece.kindDescription)
      }
      let list = ids.elements.compactMap(\.int)
      if seenText { result.behind += list } else { result.before += list }
    }
    return result
  }
}
