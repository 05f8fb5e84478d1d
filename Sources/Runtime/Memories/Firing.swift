import Format

/// One event of a memory acting on a token.
public struct Firing: Sendable, Equatable {
  /// A cue that the row asks for.
  public struct Cue: Sendable, Equatable {
    public var mode: MemoryCue.Mode
    /// The token of the sequence, from 0, that the presence comes from: for `seen` the first at which the strength was
    /// as high, for `here` the token that the memory acts on.
    public var position: Int
    /// The presence, above 0.
    public var strength: Float
  }

  public var memory: String
  public var address: SiteAddress
  /// The row of the batch; in a `Generation` the token's position in its sequence.
  public var position: Int
  /// (a · k) / ‖k‖², k being the row's own key.
  public var similarity: Float
  /// s, above 0: f(1 − similarity) times the presence of each cue.
  public var strength: Float
  /// The cues that the row asks for, in its order.
  public var cues: [Cue] = []
}
