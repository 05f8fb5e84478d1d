/// The syntax tree of a regular expression.
indirect enum PatternTree {
  case set(ScalarSet)
  case sequence([PatternTree])
  /// Alternatives, of which the first that leads to a match counts.
  case either([PatternTree])
  case repeated(PatternTree, min: Int, max: Int, Greed)
  /// The first match of a tree alone, without others if the rest does not match.
  case atomic(PatternTree)
  case look(PatternTree, isBehind: Bool, isNegative: Bool)
  case assertion(Assertion)

  enum Greed: UInt8 { case greedy, lazy, possessive }

  /// A condition on a position that takes no text.
  enum Assertion: UInt8 { case textStart, textEnd, lastLineEnd, lineStart, lineEnd, wordBoundary, noWordBoundary }

  static var empty: PatternTree { .sequence([]) }

  /// The shortest and the longest match in characters; `.max` where there is no limit.
  var lengths: (min: Int, max: Int) {
    switch self {
    case .set: return (1, 1)
    case .look, .assertion: return (0, 0)
    case .atomic(let inner): return inner.lengths
    case .sequence(let parts):
      return parts.reduce((0, 0)) { total, part in
        let lengths = part.lengths
        return (Self.sum(total.0, lengths.min), Self.sum(total.1, lengths.max))
      }
    case .either(let parts):
      let all = parts.map(\.lengths)
      return (all.map(\.min).min() ?? 0, all.map(\.max).max() ?? 0)
    case .repeated(let inner, let least, let most, _):
      let (short, long) = inner.lengths
      return (Self.product(short, least), Self.product(long, most))
    }
  }

  /// The number of instructions that the tree becomes, about.
  var size: Int {
    switch self {
    case .set, .assertion: 1
    case .atomic(let inner), .look(let inner, _, _): Self.sum(inner.size, 2)
    case .sequence(let parts), .either(let parts): parts.reduce(1) { Self.sum($0, $1.size) }
    case .repeated(.set, _, _, _): 1
    case .repeated(let inner, let least, let most, _):
      Self.product(Self.sum(inner.size, 3), max(1, most == .max ? Self.sum(least, 1) : most))
    }
  }

  private static func sum(_ a: Int, _ b: Int) -> Int {
    let (result, overflows) = a.addingReportingOverflow(b)
    return overflows ? .max : result
  }

  private static func product(_ a: Int, _ b: Int) -> Int {
    let (result, overflows) = a.multipliedReportingOverflow(by: b)
    return overflows ? .max : result
  }
}
