import Foundation

/// A number with four significant digits, for texts.
func short(_ value: Float) -> String {
  guard value.isFinite else { return "\(value)" }
  guard value != 0 else { return "0" }
  var scale: Float = 1
  while abs(value) * scale < 1000, scale < 1e9 { scale *= 10 }
  let text = "\((Double(value) * Double(scale)).rounded() / Double(scale))"
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}

/// The probability of a log-probability.
func exponential(_ logprob: Float) -> Double { exp(Double(logprob)) }
