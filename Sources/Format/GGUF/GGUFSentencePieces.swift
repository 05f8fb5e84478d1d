import Foundation

/// The pieces of a SentencePiece BPE, each with a score: of the pairs that make a piece, that of the highest score is
/// merged first.
struct GGUFSentencePieces {
  /// The UTF-8 of all tokens, one behind the other, and where each begins.
  private var text: [UInt8] = []
  private var starts = [0]
  private let scores: [Float]
  /// Whether each token is a piece of text (type 0 or 1); true for all where the file has no types.
  private let isPiece: [Bool]

  init(_ tokens: [String], _ scores: [Float], types: [Int]?) {
    self.scores = scores
    isPiece = types?.map { $0 <= 1 } ?? tokens.map { _ in true }
    starts.reserveCapacity(tokens.count + 1)
    for token in tokens {
      text.append(contentsOf: token.utf8)
      starts.append(text.count)
    }
  }

  /// Bytes that are hashed and compared where they are.
  private struct Piece: Hashable {
    let bytes: UnsafeRawBufferPointer

    static func == (a: Piece, b: Piece) -> Bool {
      guard let first = a.bytes.baseAddress, let second = b.bytes.baseAddress else {
        return a.bytes.count == b.bytes.count
      }
      return a.bytes.count == b.bytes.count && memcmp(first, second, a.bytes.count) == 0
    }
    func hash(into hasher: inout Hasher) { hasher.combine(bytes: bytes) }
  }

  /// A pair of pieces that make the piece `id`.
  private struct Merge {
    let id: Int
    /// The size of the left piece in bytes.
    let middle: Int
    /// The lengths of the two in characters.
    let lengths: (left: Int, right: Int)
  }

  /// The pairs of pieces that make another one, as transformers derives them from a SentencePiece model: by score, then
  /// by the lengths of the two.
  func merges() -> [JSONNode] {
    text.withUnsafeBytes { text in
      var pieces = Set<Piece>(minimumCapacity: isPiece.count)
      for id in isPiece.indices where isPiece[id] { pieces.insert(piece(text, starts[id]..<starts[id + 1])) }
      // Only read from here on.
      nonisolated(unsafe) let (known, bytes) = (pieces, text)
      let parts = stride(from: 0, to: isPiece.count, by: 4096).map { $0..<min($0 + 4096, isPiece.count) }
      var merges = parts.concurrentMap { ids in
        ids.flatMap { isPiece[$0] ? self.merges(of: $0, known, bytes) : [] }
      }.flatMap(\.self)
      merges.sort { a, b in
        if scores[a.id] != scores[b.id] { return scores[a.id] > scores[b.id] }
        return (a.lengths.left, a.lengths.right, a.id) < (b.lengths.left, b.lengths.right, b.id)
      }
      return merges.map { merge in
        let (start, end) = (starts[merge.id], starts[merge.id + 1])
        let sides = [start..<(start + merge.middle), (start + merge.middle)..<end]
        return .array(sides.map { .string(String(decoding: text[$0], as: UTF8.self)) })
      }
    }
  }

  private func piece(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> Piece {
    Piece(bytes: UnsafeRawBufferPointer(rebasing: text[range]))
  }

  /// The pairs that make one piece, in the order of the left one's length.
  private func merges(of id: Int, _ pieces: Set<Piece>, _ text: UnsafeRawBufferPointer) -> [Merge] {
    let (start, end) = (starts[id], starts[id + 1])
    // The first byte of each character.
    let characters = (start..<end).filter { text[$0] & 0xC0 != 0x80 }
    var result: [Merge] = []
    for (count, middle) in characters.enumerated().dropFirst()
    where pieces.contains(piece(text, start..<middle)) && pieces.contains(piece(text, middle..<end)) {
      result.append(Merge(id: id, middle: middle - start, lengths: (count, characters.count - count)))
    }
    return result
  }
}
