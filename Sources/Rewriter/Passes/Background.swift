import Format
import Runtime

/// Text that memories should leave alone, and that prompts are put behind: written by the model itself from a fixed
/// seed, or a file's.
struct Background {
  /// Token ids, a list a text.
  let texts: [[Int]]

  /// How many texts the model writes, and how long they are.
  static let count = 16
  static let length = 12

  /// Tokens of a given text that are looked at, and of all together.
  private static let textLimit = 64
  private static let limit = 2048

  /// Texts whose tokens are known.
  init(ids: [[Int]]) { texts = ids }

  /// Given texts, their beginnings, as many of them as the limit takes.
  init(texts: [String], tokenizer: Tokenizer) {
    var room = Self.limit
    var result: [[Int]] = []
    for text in texts where room > 0 {
      let own = tokenizer.encode(text, addSpecialTokens: false).prefix(min(room, Self.textLimit))
      guard !own.isEmpty else { continue }
      let ids = tokenizer.startIDs + own
      room -= ids.count
      result.append(ids)
    }
    self.texts = result
  }

  /// Texts that the model writes from the tokens that texts begin with, else from its end token on (which is what a text
  /// begins behind in training), all at once.
  init(writtenBy model: LanguageModel, seed: UInt64, progress: (StepProgress) -> Void = { _ in }) {
    let transformer = model.transformer
    let begin = model.tokenizer.startIDs
    let start = begin.isEmpty ? [model.textEnd] : begin
    let none = MemorySet.none(of: transformer)
    let length = min(Self.length, transformer.shape.positions - start.count)
    let caches = (0..<Self.count).map { _ in transformer.makeCache(capacity: start.count + length) }
    var generator = SeededGenerator(seed: seed)
    var texts = [[Int]](repeating: start, count: Self.count)
    let batch = Batch(
      caches.enumerated().map {
        .init(rows: $0..<($0 + 1), position: 0, cache: $1, appends: true, memories: none)
      }, shape: transformer.shape)
    for step in 0..<max(0, start.count - 1 + length) {
      progress(
        StepProgress("sampling the background", step * Self.count, of: (start.count - 1 + length) * Self.count, .tokens)
      )
      transformer.embed(texts.map { [$0[step]] }, batch)
      transformer.forward(batch)
      guard step >= start.count - 1 else {
        batch.advance()
        continue
      }
      let logits = transformer.logits(batch.residual, rows: texts.indices)
      for i in texts.indices { texts[i].append(Sampler.draw(logits, row: i, using: &generator)) }
      batch.advance()
    }
    self.texts = begin.isEmpty ? texts.map { Array($0.dropFirst()) } : texts
  }
}
