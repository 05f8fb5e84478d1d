import Format

/// A point of a block where memories act: the input of one of its two output projections.
public enum Site: String, CaseIterable, Sendable, Hashable, Comparable {
  /// The input of the attention's output projection, the heads concatenated.
  case attn
  /// The input of the feed-forward's output projection, after the activation; a mixture of experts has none.
  case mlp

  public static func < (a: Site, b: Site) -> Bool { a == .attn && b == .mlp }
}

/// A site of one layer.
public struct SiteAddress: Hashable, Sendable, Comparable {
  public var layer: Int
  public var site: Site

  public init(layer: Int, site: Site) {
    self.layer = layer
    self.site = site
  }

  public static func < (a: SiteAddress, b: SiteAddress) -> Bool { (a.layer, a.site) < (b.layer, b.site) }

  /// The address's position in the order of computing: layer by layer, attn before mlp.
  package var index: Int { 2 * layer + (site == .attn ? 0 : 1) }
}
