import Foundation

/// Rotary position embedding (Su et al. 2021) in the layout that pairs element i with i + width / 2.
///
/// A head's elements from `width` on stay as they are. An odd width rotates one more element, as in transformers.
final class RotaryHalves {
  let frequencies: [Float]
  /// A factor of cosines and sines.
  private let magnitude: Float
  /// Per prepared position, [positions, frequencies] each.
  private var cosines: [Float] = []
  private var sines: [Float] = []

  init(width: Int, base: Float, scaling: RotaryScaling = .none) {
    frequencies = scaling.frequencies(width: width, base: base)
    magnitude = scaling.magnitude
  }

  /// Extends the tables to `count` positions.
  func prepare(_ count: Int) {
    let known = cosines.count / frequencies.count
    guard count > known else { return }
    let goal = max(count, min(2 * known, 1 << 17), 256)
    cosines.reserveCapacity(goal * frequencies.count)
    sines.reserveCapacity(goal * frequencies.count)
    for position in known..<goal {
      for frequency in frequencies {
        let angle = Float(position) * frequency
        cosines.append(magnitude * cos(angle))
        sines.append(magnitude * sin(angle))
      }
    }
  }

  /// Rotates one head's vector in place; by the opposite angle where `inverse`, which is the backward.
  func rotate(_ x: UnsafeMutablePointer<Float>, position: Int, inverse: Bool = false) {
    let half = frequencies.count
    let start = position * half
    for i in 0..<half {
      let c = cosines[start + i]
      let s = inverse ? -sines[start + i] : sines[start + i]
      let (a, b) = (x[i], x[i + half])
      x[i] = a * c - b * s
      x[i + half] = b * c + a * s
    }
  }
}
