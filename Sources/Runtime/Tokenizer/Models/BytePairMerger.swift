import Format

/// Byte-pair encoding of one word (Sennrich et al. 2016): merges the pair of lowest rank first, the leftmost of equals.
struct BytePairMerger {
  private struct Merge {
    var pair: UInt64
    var rank: Int32
    var merged: Int32
  }

  private var slots: [Merge]
  private let mask: Int

  private static let empty = UInt64.max

  /// - Throws: `FormatError` of kind `tokenizer` where a merge is malformed or names a token that is not in the
  ///   vocabulary.
  init(_ merges: JSONValue, vocabulary: Vocabulary) throws(FormatError) {
    var slotCount = 16
    while slotCount < 2 * merges.count { slotCount *= 2 }
    slots = [Merge](repeating: Merge(pair: Self.empty, rank: 0, merged: 0), count: slotCount)
    mask = slotCount - 1
    var rank: Int32 = 0
    var joined: [UInt8] = []
    try merges.forEachElement { merge throws(FormatError) in
      guard let (left, right) = Self.ids(merge, vocabulary, joined: &joined),
        let result = vocabulary.id(joined)
      else {
        throw FormatError(
          .tokenizer, merges.location,
          "merge \(rank) names a token that is not in the vocabulary, or is malformed",
          expected: "two tokens whose concatenation is one", got: merge.kindDescription)
      }
      let pair = UInt64(left) << 32 | UInt64(right)
      var slot = slot(of: pair)
      while slots[slot].pair != Self.empty, slots[slot].pair != pair { slot = (slot + 1) & mask }
      // The last of equal merges counts, as in the reference library.
      slots[slot] = Merge(pair: pair, rank: rank, merged: Int32(result))
      rank += 1
    }
  }

  /// The two parts of a merge, spelled "a b" or ["a", "b"]; `joined` receives their concatenation.
  private static func ids(
    _ merge: JSONValue, _ vocabulary: Vocabulary, joined: inout [UInt8]
  ) -> (left: Int, right: Int)? {
    joined.removeAll(keepingCapacity: true)
    if merge.isArray {
      let parts = merge.elements.compactMap(\.stringBytes)
      guard merge.count == 2, parts.count == 2 else { return nil }
      joined += parts[0] + parts[1]
      guard let left = vocabulary.id(parts[0]), let right = vocabulary.id(parts[1]) else { return nil }
      return (left, right)
    }
    return merge.withStringBytes { bytes -> (left: Int, right: Int)? in
      guard let space = bytes.firstIndex(of: 0x20) else { return nil }
      let left = UnsafeBufferPointer(rebasing: bytes[..<space])
      let right = UnsafeBufferPointer(rebasing: bytes[(space + 1)...])
      guard !right.contains(0x20), let l = vocabulary.id(left), let r = vocabulary.id(right) else {
        return nil
      }
      joined += left
      joined += right
      return (l, r)
    } ?? nil
  }

  private func slot(of pair: UInt64) -> Int {
    let h = pair &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: h >> 32 ^ h >> 17) & mask
  }

  private func merge(_ left: Int32, _ right: Int32) -> Merge? {
    let pair = UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    var slot = slot(of: pair)
    while slots[slot].pair != Self.empty {
      if slots[slot].pair == pair { return slots[slot] }
      slot = (slot + 1) & mask
    }
    return nil
  }

  /// The number of symbols up to which a scan of all pairs per merge is quicker than a heap.
  private static let shortWord = 24

  /// Merges `symbols` in place.
  func merge(_ symbols: inout [Int32]) {
    if symbols.count <= Self.shortWord { mergeByScan(&symbols) } else { mergeByHeap(&symbols) }
  }

  /// Merges by looking at all pairs per merge.
  func mergeByScan(_ symbols: inout [Int32]) {
    while symbols.count > 1 {
      var best: (rank: Int32, merged: Int32, index: Int)?
      for i in 0..<(symbols.count - 1) {
        guard let merge = merge(symbols[i], symbols[i + 1]), best.map({ merge.rank < $0.rank }) ?? true else {
          continue
        }
        best = (merge.rank, merge.merged, i)
      }
      guard let best else { return }
      symbols[best.index] = best.merged
      symbols.remove(at: best.index + 1)
    }
  }

  /// Merges as `mergeByScan` does, in n log n: a heap of pairs over a linked list, outdated pairs skipped.
  func mergeByHeap(_ symbols: inout [Int32]) {
    let count = symbols.count
    var next = (0..<count).map { $0 + 1 < count ? $0 + 1 : -1 }
    var previous = (0..<count).map { $0 - 1 }
    var heap = PairHeap()
    func push(_ left: Int, _ right: Int) {
      guard left >= 0, right >= 0, let merge = merge(symbols[left], symbols[right]) else { return }
      heap.push(
        .init(
          rank: merge.rank, index: Int32(left), left: symbols[left], right: symbols[right],
          merged: merge.merged))
    }
    for i in 0..<max(0, count - 1) { push(i, i + 1) }
    while let pair = heap.pop() {
      let left = Int(pair.index)
      let right = next[left]
      guard symbols[left] == pair.left, right >= 0, symbols[right] == pair.right else { continue }
      symbols[left] = pair.merged
      symbols[right] = -1
      next[left] = next[right]
      if next[left] >= 0 { previous[next[left]] = left }
      push(previous[left], left)
      push(left, next[left])
    }
    symbols.removeAll { $0 < 0 }
  }
}
