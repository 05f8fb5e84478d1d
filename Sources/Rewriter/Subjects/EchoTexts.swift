import Format
import Foundation
import Runtime

/// Texts that end in the last word of a subject's name and are not about it: a name's last token alone says much of what
/// the model knows of the name, and "file" or "tower" stands in many texts.
enum EchoTexts {
  private static let words = [
    "It was the first", "Nobody had a", "We saw another", "Each new", "Peter", "Old", "Dr. Maria", "in the small",
    "\n* **One", "(see the", "| no |",
  ]
  /// What a word is written behind without a space.
  private static let signs = ["self.", "{\"name\": \"", "--", "get_", "import "]

  /// The token ids of each text; none for a name of one word, which is the subject wherever it stands.
  static func all(of subject: String, tokenizer: Tokenizer) -> [[Int]] {
    let parts = subject.split(separator: " ")
    guard parts.count > 1, let last = parts.last else { return [] }
    let forms = Set([String(last), last.lowercased()]).sorted()
    let beginnings = words.map { $0 + " " } + signs
    return beginnings.flatMap { beginning in forms.map { tokenizer.encode(beginning + $0) } }
  }
}
