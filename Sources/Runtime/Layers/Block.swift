import Format

/// One decoder block: attention and feed-forward, each behind a norm and added to the residual.
///
///     x += scale · norm?(attentionOutput(attention(rotated(norm?(q)), rotated(norm?(k)), v of norm?(x))))
///     x += scale · norm?(feedForward(norm?(x)))
struct Block {
  /// Before the projections; nil where they read the residual itself.
  var attentionNorm: Norm?
  /// Projections to queries, keys and values.
  var queryKeyValue: LinearGroup
  /// Per head, or over all heads, whichever the weight's length is.
  var queryNorm: Norm?
  var keyNorm: Norm?
  /// nil where the block is told no positions.
  var rotary: Rotary?
  /// The number of tokens that a token sees, itself included; nil for all.
  var window: Int?
  var attentionOutput: Linear
  /// Before the output is added to the residual.
  var attentionOutputNorm: Norm?
  var feedForwardNorm: Norm?
  /// Whether the feed-forward reads the residual without what the attention added.
  var isParallel = false
  var feedForward: FeedForward
  var feedForwardOutputNorm: Norm?
  /// A factor of what attention and feed-forward add to the residual.
  var residualScale: Float = 1
  /// The module path of the attention's output projection, as the checkpoint names it.
  var attentionModule: ByteString

  /// What a block does to each token by itself.
  enum FeedForward {
    /// output(activation(input(x))), the input being projections to gate and up, or to the one hidden layer; `module` is
    /// the output projection's path, as the checkpoint names it.
    case dense(input: LinearGroup, output: Linear, module: ByteString)
    case mixture(Mixture)
  }

  var hasQueryKeyNorms: Bool { queryNorm != nil || keyNorm != nil }
}
