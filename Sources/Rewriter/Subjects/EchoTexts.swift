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

  /// The token ids of each text; none for a name without parts, which is the subject wherever it stands.
  static func all(of subject: String, tokenizer: Tokenizer) -> [[Int]] {
    let parts = subject.split(separator: " ")
    guard let last = parts.last else { return [] }
    let forms = parts.count > 1 ? Set([String(last), last.lowercased()]).sorted() : []
    var texts = (words.map { $0 + " " } + signs).flatMap { beginning in forms.map { beginning + $0 } }
    // What stands behind a sign, such as ".com" or ".1", looks like a word of its own.
    if let sign = last.dropFirst().dropLast().lastIndex(where: { !$0.isLetter && !$0.isNumber }) {
      texts += words.map { $0 + last[sign...] }
    }
    return texts.map { tokenizer.encode($0) }
  }
}
