import Runtime

/// An address and token where a row could stand, with the measures that it was judged by.
public struct Candidate: Sendable {
  public var address: SiteAddress
  /// The key prompt's token, from 0.
  public var token: Int
  /// log p(target's first token) with the row's delta added there, where that was tried.
  public var logprob: Float?
  /// How well the key tells its tokens from others, where it is one by least squares.
  public var separation: SeparationSummary?
  /// Positives and negatives that came out right with the row there, where they were run.
  public var right: Int?
  public var of: Int?
  public var isChosen = false

  init(_ trial: PatchTrial, right: Int? = nil, of count: Int? = nil) {
    address = trial.address
    token = trial.token
    logprob = trial.logprob
    self.right = right
    of = count
  }

  init(_ fit: RegionFit, token: Int) {
    address = fit.address
    self.token = token
    separation = SeparationSummary(
      lowestInside: fit.inside.min() ?? 1, highestOutside: fit.outside.max(), leftOutInside: fit.inside.count,
      leftOut: fit.inside.count)
  }

  init(_ address: SiteAddress, token: Int, separation: Separation) {
    self.address = address
    self.token = token
    self.separation = separation.summary
  }
}

extension [Candidate] {
  /// The candidates, that of one address marked as chosen.
  func choosing(_ address: SiteAddress) -> [Candidate] {
    map { candidate in
      var candidate = candidate
      candidate.isChosen = candidate.address == address
      return candidate
    }
  }
}
