import Format
import Runtime

/// Text that memories should leave alone, and that prompts are put behind: written by the model itself from a fixed
/// seed, or a file's.
struct Background {
  /// Token ids per text.
  let texts: [[Int]]

  /// Texts whose tokens are known.
  init(ids: [[Int]]) { texts = ids }

  /// The beginnings of given texts, as many of them as the limit takes.
  init(texts: [String], tokenizer: Tokenizer, settings: CompilerSettings) {
    var room = settings.givenTokenLimit
    var result: [[Int]] = []
    for text in texts where room > 0 {
      let own = tokenizer.encode(text, addSpecialTokens: false).prefix(min(room, settings.givenTextLimit))
      guard !own.isEmpty else { continue }
      let ids = tokenizer.startIDs + own
      room -= ids.count
      result.append(ids)
    }
    self.texts = result
  }

  /// Texts that the model writes, from the tokens that texts begin with, else from its end token on (which a text begins
  /// behind in training).
  ///
  /// - Parameter drawn: the continuations of `requests`.
  init(drawn: some Collection<[Int]>, model: LanguageModel) {
    let begin = model.tokenizer.startIDs
    texts = drawn.map { begin + $0 }
  }

  /// What the model is to continue for its background.
  static func requests(_ model: LanguageModel, settings: CompilerSettings) -> [Continuations.Request] {
    let begin = model.tokenizer.startIDs
    let start = begin.isEmpty ? [model.textEnd] : begin
    let length = min(settings.backgroundLength, model.transformer.shape.positions - start.count)
    guard length > 0 else { return [] }
    return [Continuations.Request](
      repeating: .init(ids: start, count: length, isDrawn: true), count: settings.backgroundTexts)
  }

  /// Texts that the model writes from a seed.
  init(writtenBy model: LanguageModel, seed: UInt64, settings: CompilerSettings) {
    let drawn = Continuations(Self.requests(model, settings: settings), seed: seed, model: model)
    self.init(drawn: drawn.ids, model: model)
  }
}
