/// What texts have in common at their beginnings and is worth a run of its own.
struct BeginningChoice {
  /// Distinct, in the order of their tokens, so that a beginning comes right before those that go on from it.
  private(set) var beginnings: [[Int]] = []
  /// The tokens that a beginning of its own has to save.
  static let leastSaving = 2

  private let texts: [(ids: [Int], isKept: Bool, known: Int)]

  /// - Parameters:
  ///   - texts: distinct; those that are kept are beginnings in any case.
  ///   - known: how many first tokens of a text need no run.
  init(of texts: [(ids: [Int], isKept: Bool)], known: ([Int]) -> Int) {
    self.texts = texts.sorted { $0.ids.lexicographicallyPrecedes($1.ids) }.map { ($0.ids, $0.isKept, known($0.ids)) }
    _ = choose(among: self.texts.indices, behind: 0)
    beginnings.sort { $0.lexicographicallyPrecedes($1) }
  }

  /// Chooses among the beginnings of texts that have a number of tokens in common, the longest first.
  ///
  /// - Returns: how many sequences go on from what is chosen before these tokens.
  private mutating func choose(among range: Range<Int>, behind count: Int) -> Int {
    guard range.count > 1, let (first, last) = range.first.map({ (texts[$0], texts[range.upperBound - 1]) }) else {
      beginnings += texts[range].filter { $0.isKept && $0.known < $0.ids.count }.map(\.ids)
      return range.count
    }
    let common = zip(first.ids, last.ids).prefix { $0 == $1 }.count
    var sequences = 0
    var next = range.lowerBound
    if first.ids.count == common {
      sequences += 1
      next += 1
    }
    while next < range.upperBound {
      let token = texts[next].ids[common]
      let end = texts[next..<range.upperBound].firstIndex { $0.ids[common] != token } ?? range.upperBound
      sequences += choose(among: next..<end, behind: common)
      next = end
    }
    let isKept = first.isKept && first.ids.count == common
    let saving = (sequences - 1) * (common - max(count, first.known))
    guard isKept || saving >= Self.leastSaving else { return sequences }
    if first.known < common { beginnings.append(Array(first.ids[..<common])) }
    return 1
  }

  /// Takes out the beginnings that are to be run next: those that begin with no other, or all where it would save little
  /// to wait.
  ///
  /// - Parameters:
  ///   - leastSaving: the tokens that a further forward pass has to save.
  ///   - known: how many first tokens of a beginning need no run.
  mutating func takeNext(leastSaving: Int, known: ([Int]) -> Int) -> [[Int]] {
    var (next, waiting): ([[Int]], [[Int]]) = ([], [])
    var saving = 0
    for ids in beginnings {
      if let root = next.last, ids.starts(with: root) {
        waiting.append(ids)
        saving += root.count - min(root.count, known(ids))
      } else {
        next.append(ids)
      }
    }
    if saving < leastSaving { (next, waiting) = (beginnings, []) }
    beginnings = waiting
    return next
  }
}
