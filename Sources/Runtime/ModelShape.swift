/// The sizes that all parts of a model agree on.
public struct ModelShape: Sendable, Equatable {
  public var layers: Int
  /// C, the width of the residual stream.
  public var width: Int
  public var heads: Int
  public var keyValueHeads: Int
  public var headWidth: Int
  /// F, the width inside the feed-forward.
  public var feedForwardWidth: Int
  public var isGated: Bool
  public var vocabulary: Int
  /// The longest sequence that the model has positions for.
  public var positions: Int
  /// The factor of scores q · k; nil for 1 / √(head width).
  public var scoreScale: Float?

  var queryWidth: Int { heads * headWidth }
  var keyValueWidth: Int { keyValueHeads * headWidth }
  var queryKeyValueWidth: Int { queryWidth + 2 * keyValueWidth }
  var hiddenWidth: Int { isGated ? 2 * feedForwardWidth : feedForwardWidth }

  /// D, the width of a site's activation.
  public func width(of site: Site) -> Int { site == .attn ? queryWidth : feedForwardWidth }
}
