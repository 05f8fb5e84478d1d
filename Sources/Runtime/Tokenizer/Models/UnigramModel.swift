import Format

/// The segmentation of a word into the tokens of the highest total score (Kudo 2018), found by Viterbi's algorithm.
struct UnigramModel: TokenModel {
  let vocabulary: Vocabulary
  private let pieces: ByteTrie
  /// The score of each token, a log-probability.
  private let scores: [Double]
  private let unknown: Int?
  /// The score of a character that no token begins and ends with.
  private let unknownScore: Double
  /// The token of each byte, −1 where none; nil without byte fallback.
  private let fallback: [Int32]?

  var takesBytes: Bool { false }

  init(_ model: JSONValue) throws(FormatError) {
    guard let entries = model["vocab"], entries.isArray, entries.count > 0 else {
      throw FormatError(.tokenizer, model.location, "vocab is missing, empty or not an array")
    }
    var vocabulary = Vocabulary(capacity: entries.count)
    var (pieces, scores) = (ByteTrie(), [Double]())
    try entries.forEachElement { entry throws(FormatError) in
      let parts = entry.elements
      guard parts.count == 2, let text = parts[0].stringBytes, let score = parts[1].double, score.isFinite else {
        throw FormatError(
          .tokenizer, entry.location, "malformed", expected: "a token and its score", got: entry.kindDescription)
      }
      try vocabulary.add(parts[0], id: scores.count, got: entry, in: entries.location)
      guard pieces.insert(text, value: Int32(scores.count)) else {
        throw FormatError(.tokenizer, entries.location, "the tokens are too long together")
      }
      scores.append(score)
    }
    if let value = model["unk_id"], !value.isNull {
      guard let id = value.int, scores.indices.contains(id) else {
        throw FormatError(
          .tokenizer, value.location, "no such token", expected: "0 to \(scores.count - 1)", got: value.kindDescription)
      }
      unknown = id
    } else {
      unknown = nil
    }
    // The penalty of the library.
    unknownScore = (scores.min() ?? 0) - 10
    fallback = try model.flag("byte_fallback", default: false) ? SymbolAlphabet.byteTokens(of: vocabulary) : nil
    (self.vocabulary, self.pieces, self.scores) = (vocabulary, pieces, scores)
  }

  /// The best way to a position: the start of its last token, the token or −1 for an unknown character, and the total score.
  private struct Step {
    var start = -1
    var token = Int32(-1)
    var score = 0.0
  }

  func encode(_ word: UnsafeBufferPointer<UInt8>, _ work: inout [Int32], into ids: inout [Int]) {
    let steps = steps(of: word)
    // Unknown characters in a row are one token.
    var parts: [(range: Range<Int>, isUnknown: Bool)] = []
    var end = word.count
    while end > 0 {
      let step = steps[end]
      let isUnknown = step.token < 0 || Int(step.token) == unknown
      if isUnknown, let last = parts.last, last.isUnknown {
        parts[parts.count - 1].range = step.start..<last.range.upperBound
      } else {
        parts.append((step.start..<end, isUnknown))
      }
      end = step.start
    }
    for (range, _) in parts.reversed() { append(UnsafeBufferPointer(rebasing: word[range]), to: &ids) }
  }

  private func steps(of word: UnsafeBufferPointer<UInt8>) -> [Step] {
    var steps = [Step](repeating: Step(), count: word.count + 1)
    var start = 0
    while start < word.count {
      let next = UTF8Scalars.read(word, start).end
      var isCovered = false
      func offer(_ token: Int32, _ score: Double, until end: Int) {
        let total = steps[start].score + score
        if steps[end].start < 0 || total > steps[end].score {
          steps[end] = Step(start: start, token: token, score: total)
        }
      }
      var (node, end) = (ByteTrie.root, start)
      while end < word.count, let child = pieces.child(of: node, word[end]) {
        (node, end) = (child, end + 1)
        guard let token = pieces.value(of: node) else { continue }
        offer(token, scores[Int(token)], until: end)
        isCovered = isCovered || end == next
      }
      if !isCovered { offer(-1, unknownScore, until: next) }
      start = next
    }
    return steps
  }

  /// Appends the token of a part of a word, or those of its bytes, or the unknown one.
  private func append(_ part: UnsafeBufferPointer<UInt8>, to ids: inout [Int]) {
    if let id = vocabulary.id(part) {
      ids.append(id)
    } else if let fallback, part.allSatisfy({ fallback[Int($0)] >= 0 }) {
      ids += part.map { Int(fallback[Int($0)]) }
    } else if let unknown {
      ids.append(unknown)
    }
  }
}
