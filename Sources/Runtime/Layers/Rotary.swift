import Foundation

/// Rotary position embedding (Su et al. 2021) in the layout that rotates halves: element i goes with i + width / 2.
///
/// Where `width` is less than the head's, the elements behind it stay as they are. An odd width rotates one element
/// more, as transformers does it.
final class RotaryHalves {
  private let frequencies: [Float]
  /// What cosine and sine are multiplied by.
  private let magnitude: Float
  /// Cosine and sine of every position met so far, [positions, frequencies] each.
  private var cosines: [Float] = []
  private var sines: [Float] = []

  init(width: Int, base: Float, scaling: RotaryScaling = .none) {
    frequencies = scaling.frequencies(width: width, base: base)
    magnitude = scaling.magnitude
  }

  /// Makes the tables reach to `count` positions.
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

  /// Rotates one head's vector in place; by the opposite angle where `inverse`, which is the backward (a magnitude
  /// stays).
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
