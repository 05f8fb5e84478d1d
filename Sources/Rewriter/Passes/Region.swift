/// What is known of a key's similarities.
struct Region {
  /// Of the activations that the region should take in, and of those that it should not, all of which the key was
  /// fitted to.
  let positives: [Float]
  let others: [Float]
  /// Of the first but the key prompt's, each by a key fitted without it.
  let leftOut: [Float]

  private var lowest: Float { positives.min() ?? 1 }
  private var highest: Float { max(0, others.max() ?? 0) }

  /// Half-width b: at hardness 8 a strength is full up to 0.8 b and gone from 1.18 b on. Wide enough for the positives
  /// and no wider than leaves the others out; 0.4 where that is both.
  var boundary: Float {
    let most = (1 - highest) / 1.18
    let least = (1 - lowest) / 0.8
    return min(0.75, max(0.1, least <= most ? min(most, max(least, 0.4)) : most))
  }

  private var reached: Int { leftOut.count { abs(1 - $0) <= boundary } }
  private var separates: Bool { (1 - lowest) / 0.8 <= (1 - highest) / 1.18 }

  /// Whether this region tells what the spec lists apart where the other does not, or else takes in more of what it was
  /// not fitted to.
  func isClearer(than other: Region) -> Bool {
    if separates != other.separates { return separates }
    if reached != other.reached { return reached > other.reached }
    return mean(leftOut) > mean(other.leftOut)
  }

  private func mean(_ values: [Float]) -> Float {
    values.reduce(0) { $0 + min(1, $1) } / Float(max(1, values.count))
  }

  var summary: ConsideredPlace.RegionSummary {
    .init(lowestInside: lowest, highestOutside: others.max(), leftOutInside: reached, leftOut: leftOut.count)
  }

  var description: String { "\(reached) of \(leftOut.count) other positives fall inside when left out of the fit" }
}
