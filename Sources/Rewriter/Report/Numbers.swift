import Kernels

/// A number with four significant digits, for texts.
func short(_ value: Float) -> String {
  guard value.isFinite else { return "\(value)" }
  guard value != 0 else { return "0" }
  var scale: Float = 1
  while abs(value) * scale < 1000, scale < 1e9 { scale *= 10 }
  let text = "\((Double(value) * Double(scale)).rounded() / Double(scale))"
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}

/// A number with at most two decimals, for texts in which many stand side by side.
func hundredths(_ value: Float) -> String {
  guard value.isFinite, abs(value) < 1e6 else { return short(value) }
  return short((value * 100).rounded() / 100)
}

/// The probability of a log-probability.
func exponential(_ logprob: Float) -> Double { kernel_f64_exp(Double(logprob)) }
