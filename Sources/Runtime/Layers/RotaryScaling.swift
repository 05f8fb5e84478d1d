import Kernels

/// A change of rotary frequencies for texts longer than the first training's (transformers' `modeling_rope_utils.py`).
enum RotaryScaling {
  case none
  /// Positions divided by a factor.
  case linear(factor: Float)
  /// Low frequencies divided by a factor, high ones kept, a smooth transition between (Llama 3.1).
  case llama3(factor: Float, lowFrequencyFactor: Float, highFrequencyFactor: Float, originalPositions: Float)
  /// Frequencies that turn less than `slow` times in the original positions divided by a factor, those that turn more
  /// than `fast` times kept, a ramp between (YaRN, Peng et al. 2023).
  case yarn(factor: Float, fast: Double, slow: Double, originalPositions: Double, truncates: Bool, magnitude: Float)
  /// A divisor per frequency.
  case divisors([Float], magnitude: Float)

  /// A factor of cosines and sines.
  var magnitude: Float {
    switch self {
    case .none, .linear, .llama3: 1
    case .yarn(_, _, _, _, _, let magnitude), .divisors(_, let magnitude): magnitude
    }
  }

  /// One frequency per pair of `width` elements, an odd last one included.
  func frequencies(width: Int, base: Float) -> [Float] {
    let plain = (0..<((width + 1) / 2)).map { i in
      1 / Float(kernel_f64_pow(Double(base), Double(Float(2 * i) / Float(width))))
    }
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
      /// The element whose frequency makes `turns` turns in the original positions.
      func element(_ turns: Double) -> Double {
        Double(width) * kernel_f64_log(original / (turns * 2 * .pi)) / (2 * kernel_f64_log(Double(base)))
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
