import Kernels

/// Rotary position embedding (Su et al. 2021).
///
/// A head's elements from `width` on stay as they are. An odd width rotates one more element, as in transformers.
final class Rotary {
  /// The elements that are rotated together.
  enum Layout {
    /// i and i + width / 2.
    case halves
    /// 2 i and 2 i + 1.
    case pairs
  }

  private let layout: Layout
  let frequencies: [Float]
  /// A factor of cosines and sines.
  private let magnitude: Float
  /// Per prepared position, [positions, frequencies] each.
  private var cosines: [Float] = []
  private var sines: [Float] = []

  init(width: Int, base: Float, scaling: RotaryScaling = .none, layout: Layout = .halves) {
    self.layout = layout
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
        cosines.append(magnitude * kernel_f32_cos(angle))
        sines.append(magnitude * kernel_f32_sin(angle))
      }
    }
  }

  /// Rotates one head's vector in place; by the opposite angle where `inverse`, which is the backward.
  func rotate(_ x: UnsafeMutablePointer<Float>, position: Int, inverse: Bool = false) {
    let half = frequencies.count
    let start = position * half
    let (step, distance) = layout == .halves ? (1, half) : (2, 1)
    for i in 0..<half {
      let c = cosines[start + i]
      let s = inverse ? -sines[start + i] : sines[start + i]
      let first = x + i * step
      let (a, b) = (first[0], first[distance])
      first[0] = a * c - b * s
      first[distance] = b * c + a * s
    }
  }
}
