/// The form of a prompt around the sentence that its subject stands in, so that other sentences can be asked in it.
///
/// "Q: Where is Oslo?\nA:" is the sentence "Where is Oslo?" between a head "Q: " and a tail "\nA:".
struct PromptForm {
  let head: String
  /// The sentence itself.
  let core: String
  let tail: String

  private init(head: String, core: String, tail: String) { (self.head, self.core, self.tail) = (head, core, tail) }

  /// The form inside of a frame: that of the words of a chat's turn.
  init(_ prompt: String, subject: String?, frame: (head: String, tail: String)) {
    guard prompt.hasPrefix(frame.head), prompt.hasSuffix(frame.tail),
      prompt.count >= frame.head.count + frame.tail.count
    else {
      self.init(prompt, subject: subject)
      return
    }
    let words = PromptForm(String(prompt.dropFirst(frame.head.count).dropLast(frame.tail.count)), subject: subject)
    self.init(head: frame.head + words.head, core: words.core, tail: words.tail + frame.tail)
  }

  /// - Parameter subject: stands in the prompt; nil takes the prompt's last sentence that something follows.
  init(_ prompt: String, subject: String?) {
    let text = Array(prompt)
    let place = subject.flatMap { Self.lastRange(of: Array($0), in: text) } ?? Self.lastQuestion(text)
    var start = place.lowerBound
    while start > 0, !Self.isStart(start, text) { start -= 1 }
    var end = place.upperBound
    // A mark in the subject itself, as in "Acme Corp.", ends no sentence.
    if subject != nil, end < text.count, !Self.isMark(text[end]) { end += 1 }
    while end < text.count, !Self.isEnd(end, text) { end += 1 }
    head = String(text[..<start])
    // A sentence that nothing follows is one that the model is to end.
    tail = end < text.count ? String(text[end...]) : ""
    core = String(text[start..<end])
  }

  /// Whether a whole sentence stands in the form, and not the beginning of one.
  var isWhole: Bool { !tail.isEmpty }

  func text(_ sentence: String) -> String { head + sentence + tail }

  private static let ends: Set<Character> = [".", "?", "!"]

  /// Whether a sentence begins at a character: behind the end of another, a line's end, or a mark such as "Q: ".
  private static func isStart(_ index: Int, _ text: [Character]) -> Bool {
    let last = text[index - 1]
    if last.isNewline || last == ">" || last == "]" { return true }
    guard last == " ", index > 1 else { return false }
    let before = text[index - 2]
    return before == "?" || before == "!" || before == ":" || before == "]"
      || before == "." && !isInitial(index - 2, text)
  }

  /// Whether the sentence is over before a character: behind its punctuation, or where a mark begins.
  private static func isEnd(_ index: Int, _ text: [Character]) -> Bool {
    if isMark(text[index]) { return true }
    return index > 0 && ends.contains(text[index - 1]) && !isInitial(index - 1, text)
      && text[index].isWhitespace
  }

  /// Whether a character begins what is no part of a sentence: another line, or a mark such as "<|im_end|>".
  private static func isMark(_ character: Character) -> Bool {
    character.isNewline || character == "<" || character == "["
  }

  /// Whether a period ends an initial or a short title, such as in "J. Smith" and "Dr. No".
  private static func isInitial(_ index: Int, _ text: [Character]) -> Bool {
    guard text[index] == "." else { return false }
    let word = text[..<index].reversed().prefix { $0.isLetter }
    return (1...2).contains(word.count) && (word.last?.isUppercase ?? false)
  }

  private static func lastRange(of part: [Character], in text: [Character]) -> Range<Int>? {
    guard !part.isEmpty, part.count <= text.count else { return nil }
    return (0...(text.count - part.count)).reversed().first { text[$0..<($0 + part.count)].elementsEqual(part) }
      .map { $0..<($0 + part.count) }
  }

  /// The end of the last sentence that is followed by more text; the text's end where there is none.
  private static func lastQuestion(_ text: [Character]) -> Range<Int> {
    let end = text.indices.reversed().first {
      ends.contains(text[$0]) && $0 + 1 < text.count && !isInitial($0, text)
    }
    return end.map { $0..<($0 + 1) } ?? text.count..<text.count
  }
}
