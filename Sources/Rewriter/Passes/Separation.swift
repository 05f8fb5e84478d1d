import Kernels
import Runtime

/// How well a key tells the samples that should fall inside its region from others, and the boundary that follows.
///
/// A boundary b keeps every other sample out where its distance |1 − similarity| is beyond the reach of b, and takes
/// every positive in at nearly full strength where its distance is at most the part of b that the hardness leaves so.
struct Separation {
  /// Similarities of the samples that should fall inside and of those that should not; the key was fitted to all.
  let positives: [Float]
  let others: [Float]
  /// Leave-one-out similarities of the positives, without the key prompt.
  let leftOut: [Float]
  /// The half-width b: the spec's where it gives one.
  let boundary: Float
  /// Whether the boundary takes in all positives and keeps all others out.
  let separates: Bool

  /// - Parameters:
  ///   - boundary: the spec's; nil for one that keeps the others out, and takes the positives in as far as that leaves
  ///     room.
  ///   - usual: the one where positives and others leave the choice.
  ///   - share: how much of the way to the nearest of the others it takes where the positives leave the choice.
  ///   - hardness: the h that the region will have.
  init(
    positives: [Float], others: [Float], leftOut: [Float], boundary pinned: Float?, usual: Float, share: Float = 1,
    hardness: Float,
    settings: CompilerSettings
  ) {
    (self.positives, self.others, self.leftOut) = (positives, others, leftOut)
    let highest = max(0, others.max() ?? 0)
    let most = (1 - highest) / Self.reach(hardness)
    let least = (1 - (positives.min() ?? 1)) / Self.fullPart(hardness, strength: settings.fullStrength)
    let (smallest, largest) = (settings.boundaryRange[0], settings.boundaryRange[1])
    if let pinned {
      boundary = pinned
      separates = least <= pinned && pinned <= most
    } else {
      separates = least <= most
      boundary = min(
        largest, separates ? min(most, max(least, min(usual, share * most))) : max(smallest, most))
    }
  }

  /// The reach of a region of half-width 1, rounded up to a hundredth beyond it: no rounding of a similarity then puts
  /// a sample that lies there back inside.
  static func reach(_ hardness: Float) -> Float {
    (Float(MemoryRegion.reach(boundary: 1, hardness: hardness) * 100).rounded(.down) + 1) / 100
  }

  /// |x| up to which a region of half-width 1 has at least a strength, rounded down to a hundredth; the inverse of f.
  static func fullPart(_ hardness: Float, strength: Float) -> Float {
    let x = kernel_f64_pow(-kernel_f64_log(Double(strength)), 0.5 / Double(hardness))
    return max(0.01, Float(x * 100).rounded(.down) / 100)
  }

  private var reached: Int { leftOut.count { abs(1 - $0) <= boundary } }

  /// Whether this key tells what the spec lists apart where the other does not, or else takes in more of what it was
  /// not fitted to.
  func isClearer(than other: Separation) -> Bool {
    if separates != other.separates { return separates }
    if reached != other.reached { return reached > other.reached }
    return mean(leftOut) > mean(other.leftOut)
  }

  private func mean(_ values: [Float]) -> Float {
    values.reduce(0) { $0 + min(1, $1) } / Float(max(1, values.count))
  }

  var summary: SeparationSummary {
    SeparationSummary(
      lowestInside: positives.min() ?? 1, highestOutside: others.max(), leftOutInside: reached, leftOut: leftOut.count)
  }

  var description: String { "\(reached) of \(leftOut.count) other positives fall inside when left out of the fit" }
}

/// Similarities of the samples that a key was fitted to.
public struct SeparationSummary: Sendable {
  /// The lowest of the samples that should fall inside.
  public var lowestInside: Float
  /// The highest of the listed prompts' samples that should not, where there are any.
  public var highestOutside: Float?
  /// The samples that should fall inside and do so by a key that was fitted without them.
  public var leftOutInside: Int
  /// The samples that were left out of the fit in turn.
  public var leftOut: Int
}
