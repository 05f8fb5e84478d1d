/// A text, the token in it that a memory acts on, and what should follow some of its tokens then.
struct Context {
  enum Goal {
    case token(Int)
    /// The base model's own distribution.
    case unchanged

    var isUnchanged: Bool { if case .unchanged = self { true } else { false } }
  }

  struct Term {
    /// The token that something follows, none before the context's own.
    var position: Int
    var goal: Goal
    var weight: Float
  }

  var ids: [Int]
  /// The own token: the one whose activation the memory sees.
  var token: Int
  var terms: [Term] = []
  /// Whether the memory's target should follow.
  var isPositive = false

  /// The text up to and with the own token.
  var head: [Int] { Array(ids[...token]) }
}

extension Context {
  /// A text that a target should follow, and behind the target the base model's own continuation.
  ///
  /// - Parameters:
  ///   - after: the base model's continuation behind the target, as far as the memory is held to it.
  ///   - behindWeight: the weight of each place behind the target; a token of the target weighs 1.
  ///   - question: text behind all that with its last token's weight: another question, whose answer should stay.
  init(
    _ ids: [Int], token: Int, target: [Int], after: [Int] = [], behindWeight: Float,
    question: (ids: [Int], weight: Float) = ([], 0)
  ) {
    var terms = target.enumerated().map { Term(position: ids.count - 1 + $0, goal: .token($1), weight: 1) }
    terms += (0...after.count).map {
      Term(position: ids.count - 1 + target.count + $0, goal: .unchanged, weight: behindWeight)
    }
    let all = ids + target + after + question.ids
    if !question.ids.isEmpty {
      terms.append(Term(position: all.count - 1, goal: .unchanged, weight: question.weight))
    }
    self.init(ids: all, token: token, terms: terms, isPositive: true)
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
  /// The contexts with a weight divided among them.
  func sharing(_ weight: Float) -> [Context] {
    map { context in
      var context = context
      for i in context.terms.indices { context.terms[i].weight *= weight / Float(count) }
      return context
    }
  }
}

/// The amount of text that a memory was made with.
public struct ContextCounts: Sendable {
  public var texts = 0
  /// Tokens of all texts; the beginning that several share counts once.
  public var tokens = 0
  /// Tokens of texts about other subjects, which are only read.
  public var lookalikes = 0
  /// Tokens of all steps together, from the own token on: run forward, and passed by gradients.
  public var forward = 0
  public var backward = 0
  /// Positions whose logits should stay as they are, and all positions of the steps' losses.
  public var kept = 0
  public var looked = 0
}
