/// The pieces of a SentencePiece BPE, each with a score: of the pairs that make a piece, that of the highest score is
/// merged first.
struct GGUFSentencePieces {
  private let tokens: [String]
  private let scores: [Float]
  /// Whether each token is a piece of text (type 0 or 1); true for all where the file has no types.
  private let isPiece: [Bool]

  init(_ tokens: [String], _ scores: [Float], types: [Int]?) {
    self.tokens = tokens
    self.scores = scores
    isPiece = types?.map { $0 <= 1 } ?? tokens.map { _ in true }
  }

  /// The pairs of pieces that make another one, as transformers derives them from a SentencePiece model: by score, then
  /// by the lengths of the two.
  func merges() -> [JSONNode] {
    struct Merge {
      var left, right: Substring
      var score: Float
      var lengths: (Int, Int)
      var order: Int
    }
    var ids = Set<ByteString>(minimumCapacity: tokens.count)
    for (id, token) in tokens.enumerated() where isPiece[id] { ids.insert(ByteString(token)) }
    var merges: [Merge] = []
    for (id, token) in tokens.enumerated() where isPiece[id] {
      let scalars = token.unicodeScalars
      let length = scalars.count
      guard length > 1 else { continue }
      var middle = scalars.index(after: scalars.startIndex)
      for i in 1..<length {
        let (left, right) = (token[..<middle], token[middle...])
        if ids.contains(ByteString(left)), ids.contains(ByteString(right)) {
          merges.append(
            Merge(left: left, right: right, score: scores[id], lengths: (i, length - i), order: merges.count))
        }
        middle = scalars.index(after: middle)
      }
    }
    merges.sort { a, b in
      if a.score != b.score { return a.score > b.score }
      return (a.lengths.0, a.lengths.1, a.order) < (b.lengths.0, b.lengths.1, b.order)
    }
    return merges.map { [.string(String($0.left)), .string(String($0.right))] }
  }
}
