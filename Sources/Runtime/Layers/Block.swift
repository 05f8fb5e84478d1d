import Format

/// One decoder block: attention and feed-forward, each behind a norm and added to the residual.
///
///     x += norm?(attentionOutput(attention(rotated(norm?(q)), rotated(norm?(k)), v of norm?(x))))
///     x += norm?(feedForwardOutput(activation(norm?(x))))
struct Block {
  /// nil where the projections read the residual itself.
  var attentionNorm: Norm?
  /// Outputs: queries, keys, values.
  var queryKeyValue: LinearGroup
  /// Over each head, or over all heads, as long as the weight is.
  var queryNorm: Norm?
  var keyNorm: Norm?
  /// nil where positions are not told to this block.
  var rotary: RotaryHalves?
  /// How many tokens a token sees, itself among them; nil for all.
  var window: Int?
  var attentionOutput: Linear
  /// Over what is added to the residual.
  var attentionOutputNorm: Norm?
  var feedForwardNorm: Norm?
  /// Whether the feed-forward reads the residual without what the attention added.
  var isParallel = false
  /// Outputs: gate and up, or the one hidden layer.
  var feedForwardInput: LinearGroup
  var feedForwardOutput: Linear
  var feedForwardOutputNorm: Norm?
  /// Module paths of the two output projections in the checkpoint.
  var attentionModule: ByteString
  var feedForwardModule: ByteString

  var hasQueryKeyNorms: Bool { queryNorm != nil || keyNorm != nil }
}
