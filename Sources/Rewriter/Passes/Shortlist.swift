import Format
import Runtime

/// Trials whose addresses are worth a boundary search, the most promising first.
///
/// An address is promising where the similarity to the activation there tells the positives' last tokens from every
/// token of the negatives; how well it does is known from the probe's activations without running anything.
struct Shortlist {
  let trials: [PatchTrial]

  init(_ trials: [PatchTrial], _ run: KeyRun, prompts: ForcedPrompts, locate: Locate) {
    let best = locate.best(trials)
    let reaching = best.filter(\.reaches)
    let limit = locate.settings.shortlistLength
    // Where nothing reaches the target in one step the closest are left to be refined.
    let candidates = reaching.isEmpty ? Array(best.sorted { $0.margin > $1.margin }.prefix(limit)) : reaching
    let ranked = candidates.map { trial in
      let (sorted, gap) = Self.separation(trial.address, run, prompts)
      return Ranked(trial: trial, sorted: sorted, isSafe: locate.isSafe(trial), gap: gap)
    }
    self.trials = ranked.sorted(by: <).prefix(limit).map(\.trial)
  }

  private struct Ranked: Comparable {
    var trial: PatchTrial
    /// Prompts that the best single boundary would sort rightly.
    var sorted: Int
    var isSafe: Bool
    /// The distance between the similarities on both sides of that boundary.
    var gap: Float

    static func < (a: Ranked, b: Ranked) -> Bool {
      if a.sorted != b.sorted { return a.sorted > b.sorted }
      if a.isSafe != b.isSafe { return a.isSafe }
      if a.gap != b.gap { return a.gap > b.gap }
      return a.trial.address < b.trial.address
    }

    static func == (a: Ranked, b: Ranked) -> Bool { !(a < b) && !(b < a) }
  }

  /// How the best boundary on |x| would sort positives (their last token within) and negatives (no token within).
  private static func separation(
    _ address: SiteAddress, _ run: KeyRun, _ prompts: ForcedPrompts
  ) -> (sorted: Int, gap: Float) {
    let key = run.activation(address)
    let region = MemoryRegion(key: key, boundary: 1, hardness: 1)
    let distances = prompts.items.enumerated().map { i, item in
      let distances = prompts.similarities(i, address, to: key, region).map { abs(1 - $0) }
      return (distance: item.isPositive ? distances.last! : distances.min()!, isPositive: item.isPositive)
    }.sorted { $0.distance < $1.distance }
    var right = distances.count { !$0.isPositive }
    var best = (sorted: right, gap: Float(0))
    for (i, item) in distances.enumerated() {
      right += item.isPositive ? 1 : -1
      let gap = (i + 1 < distances.count ? distances[i + 1].distance : item.distance + 1) - item.distance
      if (right, gap) > best { best = (right, gap) }
    }
    return best
  }
}
