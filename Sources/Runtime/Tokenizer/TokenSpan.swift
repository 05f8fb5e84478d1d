extension Tokenizer {
  /// The token that holds the last byte of the last place where `part` stands in `text`, whose ids are `ids`; nil where
  /// it does not stand there.
  package func lastToken(of part: String, in text: String, ids: [Int]) -> Int? {
    let (whole, part) = (Array(text.utf8), Array(part.utf8))
    guard !part.isEmpty, part.count <= whole.count else { return nil }
    let starts = (0...(whole.count - part.count)).reversed()
    guard let start = starts.first(where: { whole[$0..<($0 + part.count)].elementsEqual(part) }) else {
      return nil
    }
    let byte = start + part.count - 1
    // Encoding may have put one space in front.
    return token(at: byte, of: ids, in: whole, extra: 0) ?? token(at: byte, of: ids, in: whole, extra: 1)
  }

  /// The token that holds a byte of the text that `ids` stand for; nil where they stand for another.
  ///
  /// Special tokens that encoding added stand for no part of the text, those that the text spells out for themselves.
  private func token(at byte: Int, of ids: [Int], in text: [UInt8], extra: Int) -> Int? {
    var end = -extra
    var found: Int?
    for (i, id) in ids.enumerated() {
      let own = bytes(of: id)
      if isSpecial(id), end < 0 || !text[min(end, text.count)...].starts(with: own) { continue }
      end += own.count
      if found == nil, byte < end { found = i }
    }
    return end == text.count ? found : nil
  }
}
