import Format

/// A key prompt around its subject, and other prompts made of its words by patterns of English.
struct Sentence {
  let prompt: String
  /// The text before the subject; the whole prompt where there is none.
  let before: String
  let subject: String?
  let after: String

  init(_ prompt: String, subject: String?) {
    self.prompt = prompt
    guard let subject, let range = prompt.ranges(of: subject).last else {
      (before, self.subject, after) = (prompt, nil, "")
      return
    }
    (before, self.subject, after) = (String(prompt[..<range.lowerBound]), subject, String(prompt[range.upperBound...]))
  }

  /// Words that begin sentences or hold them together, and name nothing.
  private static let plainWords: Set<String> = [
    "the", "a", "an", "in", "on", "at", "of", "to", "by", "for", "from", "with", "and", "or", "is", "was", "are",
    "were", "it", "its", "this", "that", "these", "those", "there", "what", "who", "whom", "whose", "where", "when",
    "which", "how", "why", "once", "upon", "if", "as", "he", "she", "they", "we", "you", "his", "her", "their",
    "our", "my", "your", "has", "had", "have", "does", "did", "do", "be", "been", "can", "will",
  ]
  private static let verbs = [
    "is", "was", "are", "were", "can", "could", "will", "would", "has", "had", "must", "should",
  ]

  static func isPlain(_ word: String) -> Bool { plainWords.contains(word.lowercased()) }

  /// The name that the prompt is probably about: the last words with capitals, plain words at their beginning left out.
  static func likelySubject(_ prompt: String) -> String? {
    let names = SubjectSearch.candidates(prompt).compactMap { candidate -> String? in
      // "In Rome": a plain word has a capital only because it begins the prompt.
      let words = candidate.split(separator: " ").drop { isPlain(String($0)) }
      return words.isEmpty ? nil : words.joined(separator: " ")
    }.filter { $0.first?.isUppercase == true }
    return names.last
  }

  /// Whether a word stands behind an article somewhere in the prompt, as nouns do.
  static func isNoun(_ word: String, in prompt: String) -> Bool {
    ["the", "a", "an", "The", "A", "An"].contains { prompt.hasBytes(of: "\($0) \(word)") }
  }

  /// A name for the memory: up to four words of the prompt that carry meaning.
  var slug: String {
    let words = prompt.lowercased().split { !($0.isLetter || $0.isNumber) }.map(String.init)
    let telling = words.filter { !Self.isPlain($0) && $0.count > 1 }
    let chosen = (telling.isEmpty ? words : telling).prefix(4)
    return chosen.isEmpty ? "fact" : String(chosen.joined(separator: "-").prefix(60))
  }

  /// Whether a sentence ends within the prompt, so that only whole sentences can be put before it.
  private var isSeveral: Bool {
    prompt.dropLast().contains { "?!.:\n".contains($0) }
  }

  /// The prompt as the end of a longer sentence: a plain first word loses its capital.
  private var lowered: String {
    guard let first = prompt.split(separator: " ").first, Self.isPlain(String(first)), first != "I" else {
      return prompt
    }
    return prompt.prefix(1).lowercased() + prompt.dropFirst()
  }

  /// Other wordings of the prompt, likeliest first.
  var rewordings: [String] {
    var result: [String] = []
    if let subject {
      // "The capital of Nepal is" → "Nepal's capital is"
      let words = before.split(separator: " ").map(String.init)
      if words.count >= 3, words[0].lowercased() == "the", words.last == "of", startsWithVerb {
        result.append("\(subject)'s \(words[1..<(words.count - 1)].joined(separator: " "))\(after)")
      }
      // "The instrument that Lily plays is the" → "Lily plays the"
      let (clause, rest) = after.parted(by: " is")
      if words.count >= 3, let last = words.last, ["that", "which"].contains(last), !clause.isEmpty, let rest {
        result.append(subject + clause + rest)
      }
    }
    if isSeveral {
      result += ["A question. \(prompt)", "Think well. \(prompt)", "Here is something to know. \(prompt)"]
    } else {
      result += [
        "As everybody knows, \(lowered)", "It is a fact that \(lowered)", "I read in the newspaper that \(lowered)",
      ]
    }
    return result.filter { $0 != prompt }
  }

  /// Other ways to ask the prompt in a conversation.
  var questions: [String] {
    let asked = prompt.hasSuffix("?") ? ["Do you know \(lowered)", "Can you tell me \(lowered)"] : []
    return asked + ["I have a question. \(prompt)", "Please answer in one sentence. \(prompt)"]
  }

  private var startsWithVerb: Bool { Self.verbs.contains { after == " \($0)" || after.hasPrefix(" \($0) ") } }

  /// The prompt with "not" behind its first auxiliary verb after the subject; nil where there is none.
  var negation: String? {
    let (start, end) = subject.map { (before + $0, after) } ?? ("", prompt)
    guard !isSeveral else { return nil }
    var words = end.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    guard let verb = words.firstIndex(where: Self.verbs.contains), words.dropFirst(verb + 1).first != "not" else {
      return nil
    }
    words.insert("not", at: verb + 1)
    return start + words.joined(separator: " ")
  }

  /// The prompt about another subject; nil where the prompt has none.
  func about(_ other: String) -> String? { subject == nil ? nil : before + other + after }
}

extension String {
  /// The text before the first `part` that ends a word and the text behind it; the whole and nil where there is none.
  fileprivate func parted(by part: String) -> (String, String?) {
    guard let range = ranges(of: part).first(where: { $0.upperBound == endIndex || self[$0.upperBound] == " " }) else {
      return (self, nil)
    }
    return (String(self[..<range.lowerBound]), String(self[range.upperBound...]))
  }
}
