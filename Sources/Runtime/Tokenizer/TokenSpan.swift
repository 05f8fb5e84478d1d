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
    return token(at: start + part.count - 1, of: ids, length: whole.count)
  }

  /// The token that holds a byte of the text that `ids` stand for, whatever special tokens come first.
  private func token(at byte: Int, of ids: [Int], length: Int) -> Int? {
    let sizes = ids.map { isSpecial($0) ? 0 : bytes(of: $0).count }
    // Encoding may have put one space in front.
    let extra = sizes.reduce(0, +) - length
    guard 0...1 ~= extra else { return nil }
    var end = -extra
    for (i, size) in sizes.enumerated() {
      end += size
      if byte < end { return i }
    }
    return nil
  }
}
