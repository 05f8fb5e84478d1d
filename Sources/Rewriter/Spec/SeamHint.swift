import Format

extension MemorySpec {
  /// A hint where prompt and target would read as one word, or with two spaces between them; nil where they do not, and
  /// for chat, where the target stands alone.
  var seamHint: String? {
    guard !isChat, let last = prompt.unicodeScalars.last, let first = target.unicodeScalars.first else { return nil }
    let seam = "\(Self.lastWord(of: prompt))\(target)".printable(limit: 60)
    let place = "memory \(name.printable()): target"
    if last.isInSpacedWord, first.isInSpacedWord {
      return "\(place): reads \"\(seam)\" behind the prompt; where a new word is meant, begin it with a space"
    }
    if last == " ", first == " " {
      return "\(place): reads \"\(seam)\" behind the prompt, with two spaces; leave one out"
    }
    return nil
  }

  private static func lastWord(of text: String) -> Substring {
    let end = text.lastIndex { $0 != " " } ?? text.startIndex
    let start = text[..<end].lastIndex(of: " ").map(text.index(after:)) ?? text.startIndex
    return text[start...]
  }
}

extension Unicode.Scalar {
  /// A letter of a script with upper and lower case, whose words are spaced, or a digit.
  fileprivate var isInSpacedWord: Bool { properties.isCased || properties.generalCategory == .decimalNumber }
}
