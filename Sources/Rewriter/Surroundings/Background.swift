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

  /// Texts that the model writes, all at once, from the tokens that texts begin with, else from its end token on (which
  /// a text begins behind in training).
  init(
    writtenBy model: LanguageModel, seed: UInt64, settings: CompilerSettings,
    progress: (StepProgress) -> Void = { _ in }
  ) {
    let transformer = model.transformer
    let begin = model.tokenizer.startIDs
    let start = begin.isEmpty ? [model.textEnd] : begin
    let none = MemorySet.none(of: transformer)
    let count = settings.backgroundTexts
    let length = min(settings.backgroundLength, transformer.shape.positions - start.count)
    let caches = (0..<count).map { _ in transformer.makeCache(capacity: start.count + length) }
    var generator = SeededGenerator(seed: seed)
    var texts = [[Int]](repeating: start, count: count)
    let batch = Batch(
      caches.enumerated().map {
        .init(rows: $0..<($0 + 1), position: 0, cache: $1, appends: true, memories: none)
      }, shape: transformer.shape)
    let steps = max(0, start.count - 1 + length)
    for step in 0..<steps {
      progress(StepProgress("sampling the background", step * count, of: steps * count, .tokens))
      transformer.embed(texts.map { [$0[step]] }, batch)
      transformer.forward(batch)
      if step >= start.count - 1 {
        let logits = transformer.logits(batch.residual, rows: texts.indices)
        for i in texts.indices { texts[i].append(Sampler.draw(logits, row: i, using: &generator)) }
      }
      batch.advance()
    }
    self.texts = begin.isEmpty ? texts.map { Array($0.dropFirst()) } : texts
  }
}
