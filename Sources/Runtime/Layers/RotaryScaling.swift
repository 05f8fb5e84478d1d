import Foundation

/// How the frequencies of rotary positions are changed for texts longer than those of the first training, as
/// transformers' `modeling_rope_utils.py` computes it.
enum RotaryScaling {
  case none
  /// Positions divided by a factor.
  case linear(factor: Float)
  /// Llama 3.1's: low frequencies divided by a factor, a smooth passage between.
  case llama3(factor: Float, lowFrequencyFactor: Float, highFrequencyFactor: Float, originalPositions: Float)
  /// YaRN (Peng et al. 2023): frequencies that turn less than `slow` times in the original positions divided by a
  /// factor, those that turn more than `fast` times kept, a ramp between.
  case yarn(factor: Float, fast: Double, slow: Double, originalPositions: Double, truncates: Bool, magnitude: Float)
  /// A divisor for each frequency.
  case divisors([Float], magnitude: Float)

  var magnitude: Float {
    switch self {
    case .none, .linear, .llama3: 1
    case .yarn(_, _, _, _, _, let magnitude), .divisors(_, let magnitude): magnitude
    }
  }

  /// Of the pairs that `width` elements make, an odd one counted as a pair too.
  func frequencies(width: Int, base: Float) -> [Float] {
    let plain = (0..<((width + 1) / 2)).map { 1 / pow(base, Float(2 * $0) / Float(width)) }
    switch self {
    case .none: return plain
    case .linear(let factor): return plain.map { $0 / factor }
    case .divisors(let divisors, _): return zip(plain, divisors).map { $0 / $1 }
    case .llama3(let factor, let low, let high, let original):
      return plain.map { frequency in
        let wavelength = 2 * Float.pi / frequency
        if wavelength < original / high { return frequency }
        if wavelength > original / low { return frequency / factor }
        let smooth = (original / wavelength - low) / (high - low)
        return (1 - smooth) * frequency / factor + smooth * frequency
      }
    case .yarn(let factor, let fast, let slow, let original, let truncates, _):
      /// The element whose frequency turns so many times within the original positions.
      func element(_ turns: Double) -> Double {
        Double(width) * log(original / (turns * 2 * .pi)) / (2 * log(Double(base)))
      }
      var (low, high) = (element(fast), element(slow))
      if truncates { (low, high) = (low.rounded(.down), high.rounded(.up)) }
      (low, high) = (max(low, 0), min(high, Double(width - 1)))
      if low == high { high += 0.001 }
      return plain.enumerated().map { i, frequency in
        let ramp = min(max((Float(i) - Float(low)) / Float(high - low), 0), 1)
        return frequency / factor * ramp + frequency * (1 - ramp)
      }
    }
  }
}
