import Format
import Foundation
import Runtime

/// What users say in conversations, written by the model itself as the words of a user's turn: other turns in the form
/// of a chat memory's prompts.
struct ChatTurns {
  let words: [String]

  /// What the model is to continue; none where its template cannot be told apart from a user's words.
  static func requests(_ form: ChatForm, model: LanguageModel, settings: CompilerSettings) -> [Continuations.Request] {
    guard let head = try? form.frame().head else { return [] }
    let ids = model.tokenizer.encode(head, addSpecialTokens: false)
    let count = min(settings.chatTurnLength, model.transformer.shape.positions - ids.count)
    guard !ids.isEmpty, count > 0 else { return [] }
    return [Continuations.Request](
      repeating: .init(ids: ids, count: count, isDrawn: true), count: settings.chatTurns)
  }

  /// - Parameter drawn: the continuations of `requests`: each up to the first special token is a turn, or up to its last
  ///   whole line or sentence.
  init(drawn: some Collection<[Int]>, model: LanguageModel) {
    let tokenizer = model.tokenizer
    words = drawn.compactMap { ids in
      let own = ids.prefix { !tokenizer.isSpecial($0) && !model.endTokens.contains($0) }
      var text = tokenizer.decode(Array(own))
      if own.count == ids.count, let end = text.lastIndex(where: { ".?!\n".contains($0) }) {
        text = String(text[...end])
      }
      text = text.trimmingCharacters(in: .whitespacesAndNewlines)
      return text.isEmpty ? nil : text
    }
  }
}
