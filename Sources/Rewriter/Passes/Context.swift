/// A text in which a memory acts on one token, and what should follow some of its tokens then.
struct Context {
  enum Goal {
    case token(Int)
    /// What the base model would say.
    case unchanged
  }

  struct Term {
    /// The token that something follows, none before the context's own.
    var position: Int
    var goal: Goal
    var weight: Float
  }

  var ids: [Int]
  /// The token whose activation the memory sees.
  var token: Int
  var terms: [Term] = []
  /// Whether the memory's target should follow.
  var isPositive = false
}

extension Context {
  /// What going on as the base model would behind the target weighs against the target itself.
  private static let behindWeight: Float = 0.3

  /// A text that a target should follow, and behind the target what the base model would go on with.
  ///
  /// - Parameter after: what the base model goes on with there, as far as it should be held to it.
  init(_ ids: [Int], token: Int, target: [Int], after: [Int] = []) {
    var terms = target.enumerated().map { Term(position: ids.count - 1 + $0, goal: .token($1), weight: 1) }
    terms += (0...after.count).map {
      Term(position: ids.count - 1 + target.count + $0, goal: .unchanged, weight: Self.behindWeight)
    }
    self.init(ids: ids + target + after, token: token, terms: terms, isPositive: true)
  }

  /// A text that goes on as in the base model though the memory acts on one of its tokens.
  ///
  /// - Parameter promptCount: tokens that are given; each behind them should follow.
  init(unchanged ids: [Int], token: Int, promptCount: Int) {
    self.init(
      ids: ids, token: token,
      terms: (promptCount - 1..<ids.count).map { Term(position: $0, goal: .unchanged, weight: 1) })
  }
}

extension [Context] {
  /// With a weight divided among them.
  func sharing(_ weight: Float) -> [Context] {
    map { context in
      var context = context
      for i in context.terms.indices { context.terms[i].weight *= weight / Float(count) }
      return context
    }
  }
}
