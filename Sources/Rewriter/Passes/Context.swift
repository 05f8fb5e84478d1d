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
