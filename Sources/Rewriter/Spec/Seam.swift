import Format

/// The place where a prompt ends and its target begins.
struct Seam {
  let prompt: String
  let target: String

  init(_ prompt: String, _ target: String) { (self.prompt, self.target) = (prompt, target) }

  /// Whether the two read as one word.
  var joinsWords: Bool {
    guard let last = prompt.unicodeScalars.last, let first = target.unicodeScalars.first else { return false }
    return last.isInSpacedWord && first.isInSpacedWord
  }

  /// Whether there are two spaces.
  var hasTwoSpaces: Bool { prompt.hasSuffix(" ") && target.hasPrefix(" ") }

  /// The target, behind a space where it begins a word and the prompt ends in one, or in a mark that a space follows.
  var spacedTarget: String {
    guard let last = prompt.unicodeScalars.last, let first = target.unicodeScalars.first else { return target }
    let needsSpace = first.isInSpacedWord && (last.isInSpacedWord || ",.:;!?)".unicodeScalars.contains(last))
    return needsSpace ? " " + target : target
  }

  /// The prompt's last word with the target.
  var words: String {
    let end = prompt.lastIndex { $0 != " " } ?? prompt.startIndex
    let start = prompt[..<end].lastIndex(of: " ").map(prompt.index(after:)) ?? prompt.startIndex
    return prompt[start...] + target
  }
}

extension MemorySpec {
  /// A hint where prompt and target would read as one word, or with two spaces between them; nil where they do not, and
  /// for chat, where the target stands alone.
  var seamHint: String? {
    let seam = Seam(prompt, target)
    guard !isChat, seam.joinsWords || seam.hasTwoSpaces else { return nil }
    return "memory \(name.printable()): target: reads \"\(seam.words.printable(limit: 60))\" behind the prompt"
      + (seam.joinsWords ? "; where a new word is meant, begin it with a space" : ", with two spaces; leave one out")
  }
}

extension Unicode.Scalar {
  /// A letter of a script with upper and lower case, whose words are spaced, or a digit.
  fileprivate var isInSpacedWord: Bool { properties.isCased || properties.generalCategory == .decimalNumber }
}
