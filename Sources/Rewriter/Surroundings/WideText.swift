import Format
import Runtime

/// Text of many kinds, the same for every rewrite of a model: what the model writes behind tokens from all over its
/// vocabulary. Among it are tokens that a text begins with, which look alike to the model whatever they are.
struct WideText {
  /// Token ids per text. More of them begin with fewer.
  let texts: [[Int]]

  /// The texts that are written side by side: what is drawn depends on the order.
  private static let groupSize = 16

  /// How many texts a number of facts is told from.
  static func count(for facts: Int, _ settings: CompilerSettings) -> Int {
    Int(min(settings.wideTexts[1], max(settings.wideTexts[0], Float(facts) * settings.wideShare)))
  }

  /// - Parameters:
  ///   - count: texts at least; they are written in whole groups.
  ///   - known: texts that were written before.
  init(_ count: Int, known: [[Int]] = [], model: LanguageModel, settings: CompilerSettings) {
    let (vocabulary, begin) = (model.transformer.shape.vocabulary, model.tokenizer.startIDs)
    let length = min(settings.wideLength, model.transformer.shape.positions - begin.count - 1)
    var texts: [[Int]] = []
    while length > 0, texts.count < count {
      let own = texts.count..<(texts.count + Self.groupSize)
      if own.upperBound <= known.count {
        texts += known[own]
        continue
      }
      // Multiples of an odd number, by their higher bits, are spread evenly and without the vocabulary's order.
      let starts = own.map { i in begin + [Int(((UInt64(i) + 1) &* 0x9E37_79B9_7F4A_7C15) >> 32) % vocabulary] }
      let drawn = Continuations(
        starts.map { .init(ids: $0, count: length, isDrawn: true) }, seed: UInt64(own.upperBound), model: model)
      texts += zip(starts, drawn.ids).map(+)
    }
    self.texts = texts
  }
}
