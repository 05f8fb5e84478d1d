extension RewriteResult {
  /// The number of prompts of a kind, over all memories, and how many of them hold.
  func count(positive: Bool, heldOut: Bool = false) -> (holding: Int, of: Int) {
    results.reduce((holding: 0, of: 0)) { sum, result in
      let own = result.count(positive: positive, heldOut: heldOut)
      return (sum.holding + own.holding, sum.of + own.of)
    }
  }

  /// How many positives and negatives hold, in words, those alone that there are.
  func holding(heldOut: Bool) -> String {
    let counts = [(true, "positives"), (false, "negatives")].compactMap { isPositive, word in
      let (holding, count) = count(positive: isPositive, heldOut: heldOut)
      return count == 0 ? nil : "\(holding) of \(count) \(word)"
    }
    return counts.joined(separator: " and ") + " hold"
  }

  var prompts: [PromptResult] { results.flatMap(\.prompts) }

  /// The prompts on which no memory fires.
  var silentPrompts: [PromptResult] { prompts.filter { !$0.fired } }
}
