import Kernels

/// The settings by which the next token is chosen.
public struct Sampling: Sendable, Equatable {
  /// 0 for the likeliest token always.
  public var temperature: Double
  /// The number of likeliest tokens to choose from; nil for all.
  public var topK: Int?
  /// The probability that the tokens to choose from, the likeliest first, reach together (Holtzman et al. 2020); nil
  /// for all.
  public var topP: Double?
  public var seed: UInt64

  public init(temperature: Double = 0, topK: Int? = nil, topP: Double? = nil, seed: UInt64 = 0) {
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.seed = seed
  }
}

/// Chooses tokens from logits.
package struct Sampler {
  let sampling: Sampling
  private var generator: SeededGenerator

  init(_ sampling: Sampling) {
    self.sampling = sampling
    generator = SeededGenerator(seed: sampling.seed)
  }

  /// Draws a token at temperature 1 from a row of logits, which is overwritten.
  package static func draw(_ logits: FloatMatrix, row: Int, using generator: inout SeededGenerator) -> Int {
    let (values, count) = (logits.row(row), logits.width)
    let normalizer = kernel_log_sum_exp(values, count)
    for i in 0..<count { values[i] -= normalizer }
    kernel_exp(values, count, values)
    var rest = Float(generator.unit())
    for i in 0..<count {
      rest -= values[i]
      if rest < 0 { return i }
    }
    return kernel_argmax(values, count)
  }

  /// The first `kept` tokens in the order of falling logits, of equal ones the lower first.
  private static func likeliestFirst(_ logits: UnsafeMutablePointer<Float>, count: Int, kept: Int) -> [Int] {
    // Integers in the order of the negated logits and the ids: sorted in half the time that pairs take.
    let keys = (0..<count).map { id in
      let bits = (0 - logits[id]).bitPattern
      return UInt64(bits >> 31 == 0 ? bits | 1 << 31 : ~bits) << 32 | UInt64(id)
    }
    return keys.sorted().prefix(kept).map { Int($0 & 0xFFFF_FFFF) }
  }

  mutating func choose(_ logits: UnsafeMutablePointer<Float>, count: Int) -> Int {
    guard sampling.temperature > 0 else { return kernel_argmax(logits, count) }
    var candidates = Array(0..<count)
    if sampling.topK != nil || sampling.topP != nil {
      candidates = Self.likeliestFirst(logits, count: count, kept: sampling.topK ?? count)
    }
    let best = candidates.reduce(-Float.infinity) { max($0, logits[$1]) }
    var weights = candidates.map { kernel_f64_exp(Double(logits[$0] - best) / sampling.temperature) }
    if let topP = sampling.topP {
      let goal = topP * weights.reduce(0, +)
      var sum = 0.0
      let kept = weights.firstIndex { weight in
        sum += weight
        return sum >= goal
      }
      weights = Array(weights.prefix((kept ?? weights.count - 1) + 1))
    }
    var rest = generator.unit() * weights.reduce(0, +)
    for (candidate, weight) in zip(candidates, weights) {
      rest -= weight
      if rest < 0 { return candidate }
    }
    return candidates[weights.count - 1]
  }
}
