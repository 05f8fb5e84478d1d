/// One event of a memory acting on a token.
public struct Firing: Sendable, Equatable {
  public var memory: String
  public var address: SiteAddress
  /// The row of the batch; in a `Generation` the token's position in its sequence.
  public var position: Int
  /// (a · k) / ‖k‖².
  public var similarity: Float
  /// s = f(1 − similarity), above 0.
  public var strength: Float
}
