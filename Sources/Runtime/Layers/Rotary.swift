import Foundation

/// Rotary position embedding (Su et al. 2021) in the layout that rotates halves: element i goes with i + width / 2.
final class RotaryHalves {
  enum Scaling: Equatable {
    case none
    /// Positions divided by a factor.
    case linear(factor: Float)
    /// Llama 3.1's: low frequencies divided by a factor, a smooth passage between.
    case llama3(
      factor: Float, lowFrequencyFactor: Float, highFrequencyFactor: Float, originalPositions: Float)
  }

  let width: Int
  private let frequencies: [Float]
  /// Cosine and sine of every position met so far, [positions, width / 2] each.
  private var cosines: [Float] = []
  private var sines: [Float] = []

  init(width: Int, base: Float, scaling: Scaling) {
    self.width = width
    let plain = (0..<(width / 2)).map { 1 / pow(base, Float(2 * $0) / Float(width)) }
    switch scaling {
    case .none: frequencies = plain
    case .linear(let factor): frequencies = plain.map { $0 / factor }
    case .llama3(let factor, let low, let high, let original):
      frequencies = plain.map { frequency in
        let wavelength = 2 * Float.pi / frequency
        if wavelength < original / high { return frequency }
        if wavelength > original / low { return frequency / factor }
        let smooth = (original / wavelength - low) / (high - low)
        return (1 - smooth) * frequency / factor + smooth * frequency
      }
    }
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
        cosines.append(cos(angle))
        sines.append(sin(angle))
      }
    }
  }

  /// Rotates one head's vector in place; by the opposite angle where `inverse`, which is the backward.
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
