/// Values in words, for readers who do not see the chart: "7 from 0.81 to 1, median 0.97".
func summary(of values: [Double]) -> String {
  let sorted = values.filter(\.isFinite).sorted()
  guard let low = sorted.first, let high = sorted.last else { return "none" }
  guard sorted.count > 1 else { return "1 at \(label(low))" }
  guard low < high else { return "\(sorted.count) at \(label(low))" }
  return "\(sorted.count) from \(label(low)) to \(label(high)), median \(label(sorted[sorted.count / 2]))"
}

/// What a chart shows and the sentence that tells it, as its text alternative.
func alternative(_ title: String, _ facts: [String]) -> String {
  facts.isEmpty ? title : "\(title). \(facts.joined(separator: "; "))."
}
