import Foundation

/// Rotary position embedding (Su et al. 2021) in the layout that rotates halves: element i goes with i + width / 2.
///
/// Where `width` is less than the head's, the elements behind it stay as they are.
final class RotaryHalves {
  let width: Int
  private let frequencies: [Float]
  /// What cosine and sine are multiplied by.
  private let magnitude: Float
  /// Cosine and sine of every position met so far, [positions, width / 2] each.
  private var cosines: [Float] = []
  private var sines: [Float] = []

  init(width: Int, base: Float, scaling: RotaryScaling = .none) {
    self.width = width
    frequencies = scaling.frequencies(width: width, base: base)
    magnitude = scaling.magnitude
  }

  /// Makes the tables reach to `count` positions.
  func prepare(_ count: Int) {
    let known = cosines.count / max(1, width / 2)
    guard count > known else { return }
    let goal = max(count, min(2 * known, 1 << 17), 256)
    cosines.reserveCapacity(goal * width / 2)
    sines.reserveCapacity(goal * width / 2)
    for position in known..<goal {
      for frequency in frequencies {
        let angle = Float(position) * frequency
        cosines.append(magnitude * cos(angle))
        sines.append(magnitude * sin(angle))
      }
    }
  }

  /// Rotates one head's vector in place; by the opposite angle where `inverse`, which is the backward (a magnitude
  /// stays).
  func rotate(_ x: UnsafeMutablePointer<Float>, position: Int, inverse: Bool = false) {
    let half = width / 2
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
