import Foundation
import Kernels

/// A map from a range of data to a range of coordinates.
public struct Scale: Sendable {
  public enum Kind: Sendable { case linear, logarithmic }

  public let kind: Kind
  /// The range of the data, never empty; positive if logarithmic.
  public let domain: ClosedRange<Double>
  let start: Double
  let end: Double

  /// - Parameters:
  ///   - domain: an empty range is widened; a logarithmic one is cut at 1e-12.
  ///   - start: the coordinate of the domain's lower bound.
  public init(_ domain: ClosedRange<Double>, from start: Double, to end: Double, kind: Kind = .linear) {
    var (low, high) = (domain.lowerBound, domain.upperBound)
    if kind == .logarithmic { (low, high) = (max(low, 1e-12), max(high, 1e-12)) }
    if !(high > low) {
      (low, high) = kind == .linear ? (low - 0.5, low + 0.5) : (low / 2, low * 2)
    }
    self.kind = kind
    self.domain = low...high
    self.start = start
    self.end = end
  }

  /// The coordinate of a value; values outside the domain get those of its ends.
  public func callAsFunction(_ value: Double) -> Double {
    let inside = min(max(value, domain.lowerBound), domain.upperBound)
    return start + share(inside) * (end - start)
  }

  private func share(_ value: Double) -> Double {
    let (low, high) = (domain.lowerBound, domain.upperBound)
    switch kind {
    case .linear: return (value - low) / (high - low)
    case .logarithmic: return kernel_f64_log(value / low) / kernel_f64_log(high / low)
    }
  }

  /// About `count` round values within the domain: 1, 2 or 5 times powers of ten.
  public func ticks(_ count: Int) -> [Double] {
    switch kind {
    case .linear:
      let rough = (domain.upperBound - domain.lowerBound) / Double(max(1, count))
      let power = powerOfTen(decade(rough))
      let step = power * ([1, 2, 5, 10].first { $0 * power >= rough * 0.999 } ?? 10)
      let (first, last) = (
        (domain.lowerBound / step - 1e-9).rounded(.up), (domain.upperBound / step + 1e-9).rounded(.down)
      )
      guard last >= first, last - first < 1000 else { return [] }
      return (0...Int(last - first)).map { (first + Double($0)) * step }
    case .logarithmic:
      let last = decade(domain.upperBound)
      let exponents = decade(domain.lowerBound)...(powerOfTen(last) < domain.upperBound ? last + 1 : last)
      let multiples = Double(exponents.count) * 3 > Double(count) * 1.5 ? [1.0] : [1.0, 2, 5]
      return exponents.flatMap { exponent in multiples.map { $0 * powerOfTen(exponent) } }.filter {
        domain.lowerBound * 0.9999...domain.upperBound * 1.0001 ~= $0
      }
    }
  }
}

private func powerOfTen(_ exponent: Int) -> Double { kernel_f64_pow(10, Double(exponent)) }

/// The largest exponent of ten whose power is not above a value, which is above 0.
private func decade(_ value: Double) -> Int {
  let near = Int((kernel_f64_log(value) / kernel_f64_log(10)).rounded(.down))
  if powerOfTen(near) > value { return near - 1 }
  return powerOfTen(near + 1) <= value ? near + 1 : near
}

/// A number as text with three significant digits and no needless zeros.
public func label(_ value: Double) -> String {
  guard value.isFinite else { return value.isNaN ? "–" : value > 0 ? "∞" : "−∞" }
  guard value != 0 else { return "0" }
  let magnitude = abs(value)
  var text: String
  if magnitude >= 1e6 || magnitude < 1e-4 {
    let exponent = decade(magnitude)
    text = "\(label(magnitude / powerOfTen(exponent)))e\(exponent)"
  } else {
    let decimals = max(0, 2 - decade(magnitude))
    text = String(format: "%.\(decimals)f", locale: Locale(identifier: "en_US_POSIX"), magnitude)
    if text.contains(".") {
      while text.hasSuffix("0") { text.removeLast() }
      if text.hasSuffix(".") { text.removeLast() }
    }
  }
  return value < 0 ? "−" + text : text
}
