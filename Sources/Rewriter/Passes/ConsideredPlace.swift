import Runtime

/// A place that the compiler looked at closely, with what it was judged by.
public struct ConsideredPlace: Sendable {
  public var address: SiteAddress
  /// The key prompt's token, from 0.
  public var token: Int
  /// log p(target's first token) with the row's delta added there, where that was tried.
  public var logprob: Float?
  /// How well the key tells its tokens from others, where it is one by least squares.
  public var region: RegionSummary?
  /// Positives and negatives that came out right with the row in place, where they were run.
  public var right: Int?
  public var of: Int?
  public var isChosen: Bool

  /// Similarities of what a key was fitted to.
  public struct RegionSummary: Sendable {
    /// The lowest of the tokens that should fall inside.
    public var lowestInside: Float
    /// The highest of the listed prompts' tokens that should not, where there are any.
    public var highestOutside: Float?
    /// Of the tokens that should fall inside, those that do by a key that was fitted without them.
    public var leftOutInside: Int
    public var leftOut: Int
  }

  init(_ trial: PatchTrial, right: Int? = nil, of count: Int? = nil, isChosen: Bool = false) {
    address = trial.address
    token = trial.token
    logprob = trial.logprob
    self.right = right
    of = count
    self.isChosen = isChosen
  }

  init(_ address: SiteAddress, token: Int, region: Region, isChosen: Bool = false) {
    self.address = address
    self.token = token
    self.region = region.summary
    self.isChosen = isChosen
  }
}
