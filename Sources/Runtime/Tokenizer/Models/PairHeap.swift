/// A binary heap of pairs that can be merged, the lowest rank first, the leftmost of equals.
struct PairHeap {
  struct Pair {
    var rank: Int32
    var index: Int32
    var left: Int32
    var right: Int32
    var merged: Int32

    func comes(before other: Pair) -> Bool { (rank, index) < (other.rank, other.index) }
  }

  private var pairs: [Pair] = []

  mutating func push(_ pair: Pair) {
    pairs.append(pair)
    var i = pairs.count - 1
    while i > 0, pairs[i].comes(before: pairs[(i - 1) / 2]) {
      pairs.swapAt(i, (i - 1) / 2)
      i = (i - 1) / 2
    }
  }

  mutating func pop() -> Pair? {
    guard let first = pairs.first else { return nil }
    let last = pairs.removeLast()
    guard !pairs.isEmpty else { return first }
    pairs[0] = last
    var i = 0
    while true {
      var least = i
      for child in [2 * i + 1, 2 * i + 2]
      where child < pairs.count && pairs[child].comes(before: pairs[least]) {
        least = child
      }
      guard least != i else { return first }
      pairs.swapAt(i, least)
      i = least
    }
  }
}
