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
  /// c where scores are capped softly, to c tanh(score / c); nil where they are not.
  public var scoreCap: Float?
  /// The layers whose feed-forward is a mixture of experts; nil where there are none.
  public var mixture: MixtureShape?

  var queryWidth: Int { heads * headWidth }
  var keyValueWidth: Int { keyValueHeads * headWidth }
  var queryKeyValueWidth: Int { queryWidth + 2 * keyValueWidth }
  var hiddenWidth: Int { isGated ? 2 * feedForwardWidth : feedForwardWidth }

  /// D, the width of a site's activation.
  public func width(of site: Site) -> Int { site == .attn ? queryWidth : feedForwardWidth }

  /// Whether a layer has a site: a mixture of experts has no output projection that all tokens go through, and so no
  /// `mlp`.
  public func has(_ address: SiteAddress) -> Bool {
    0..<layers ~= address.layer && (address.site == .attn || mixture?.layers.contains(address.layer) != true)
  }

  /// The sites of all layers, in the order of computing.
  public var addresses: [SiteAddress] {
    (0..<layers).flatMap { layer in Site.allCases.map { SiteAddress(layer: layer, site: $0) } }.filter(has)
  }
}

/// The sizes of a model's mixtures of experts.
public struct MixtureShape: Sendable, Equatable {
  /// The layers that are mixtures.
  public var layers: Set<Int>
  public var experts: Int
  /// The number of experts that a token goes through.
  public var chosen: Int
  /// The width inside an expert.
  public var width: Int
  /// The width inside the expert that all tokens go through; nil where there is none.
  public var sharedWidth: Int?
}
