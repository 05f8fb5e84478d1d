import Format

/// One decoder block: attention and feed-forward, each behind a norm and added to the residual.
///
///     x += norm?(attentionOutput(attention(rotated(norm?(q)), rotated(norm?(k)), v of norm?(x))))
///     x += norm?(feedForwardOutput(activation(norm?(x))))
struct Block {
  /// Before the projections; nil where they read the residual itself.
  var attentionNorm: Norm?
  /// Projections to queries, keys and values.
  var queryKeyValue: LinearGroup
  /// Per head, or over all heads, whichever the weight's length is.
  var queryNorm: Norm?
  var keyNorm: Norm?
  /// nil where the block is told no positions.
  var rotary: RotaryHalves?
  /// The number of tokens that a token sees, itself included; nil for all.
  var window: Int?
  var attentionOutput: Linear
  /// Before the output is added to the residual.
  var attentionOutputNorm: Norm?
  var feedForwardNorm: Norm?
  /// Whether the feed-forward reads the residual without what the attention added.
  var isParallel = false
  /// Projections to gate and up, or to the one hidden layer.
  var feedForwardInput: LinearGroup
  var feedForwardOutput: Linear
  var feedForwardOutputNorm: Norm?
  /// Module paths of the two output projections, as the checkpoint names them.
  var attentionModule: ByteString
  var feedForwardModule: ByteString

  var hasQueryKeyNorms: Bool { queryNorm != nil || keyNorm != nil }
}
