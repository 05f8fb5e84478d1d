import Format
import Runtime

/// Addresses worth a boundary search, the most promising first.
///
/// A place is promising where the key's similarity tells the positives' last tokens from every token of the negatives;
/// how well it does is known from the probe's activations without running anything.
struct Place {
  var trial: PatchTrial
  /// Prompts that the best single boundary would sort rightly, and the gap around it.
  var sorted: Int
  var gap: Float

  /// Boundary searches are the compiler's most expensive step.
  static let shortlistCount = 6

  static func shortlist(_ trials: [PatchTrial], _ pass: KeyPass, prompts: ForcedPrompts) -> [Place] {
    let best = Locate.best(trials)
    let reaching = best.filter(\.reaches)
    // Where nothing reaches the target in one step the closest are left to be refined.
    let candidates =
      reaching.isEmpty ? Array(best.sorted { $0.margin > $1.margin }.prefix(shortlistCount)) : reaching
    let places = candidates.map { trial in
      let (sorted, gap) = separation(trial.address, pass, prompts)
      return Place(trial: trial, sorted: sorted, gap: gap)
    }
    func isBetter(_ a: Place, _ b: Place) -> Bool {
      if a.sorted != b.sorted { return a.sorted > b.sorted }
      let (safeA, safeB) = (a.trial.margin >= Locate.safeMargin, b.trial.margin >= Locate.safeMargin)
      if safeA != safeB { return safeA }
      if a.gap != b.gap { return a.gap > b.gap }
      return a.trial.address < b.trial.address
    }
    return Array(places.sorted(by: isBetter).prefix(shortlistCount))
  }

  /// How the best boundary on |x| would sort positives (their last token within) and negatives (no token within).
  private static func separation(
    _ address: SiteAddress, _ pass: KeyPass, _ prompts: ForcedPrompts
  ) -> (sorted: Int, gap: Float) {
    let key = Key.seed(pass, address)
    let distances = prompts.items.map { item in
      let distances = prompts.distances(item, address, key: key)
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

extension ForcedPrompts {
  /// |x| = |1 − (a · k) / ‖k‖²| of the base model's activations at a site for every token of a prompt.
  func distances(_ item: Item, _ address: SiteAddress, key: [Float]) -> [Float] {
    let squared = key.reduce(Float(0)) { $0 + $1 * $1 }
    return (0..<item.promptCount).map { i in
      let row = tape[address.layer].site(address.site).row(item.rows.lowerBound + i)
      var dot: Float = 0
      for d in 0..<key.count { dot += row[d] * key[d] }
      return abs(1 - dot / squared)
    }
  }
}
