/// One of the compiler's settings, as `--setting`, docs/settings.md and `Benchmarks/settings` name it.
package struct Setting {
  package enum Field {
    /// A whole number from 0 on, or from 1 on where none would make no sense.
    case count(WritableKeyPath<CompilerSettings, Int>, least: Int)
    /// A number above 0.
    case number(WritableKeyPath<CompilerSettings, Float>)
    /// A number from 0 up to, but not including, 1.
    case share(WritableKeyPath<CompilerSettings, Float>)
    /// Rising numbers above 0: exactly `count` where that is given.
    case numbers(WritableKeyPath<CompilerSettings, [Float]>, count: Int?)
  }

  package let name: String
  package let meaning: String
  package let unit: String
  let field: Field

  /// The value that a setting has in some settings, as text.
  package func text(in settings: CompilerSettings) -> String {
    switch field {
    case .count(let path, _): "\(settings[keyPath: path])"
    case .number(let path), .share(let path): settings[keyPath: path].plain
    case .numbers(let path, _): settings[keyPath: path].map(\.plain).joined(separator: ",")
    }
  }

  var expectation: String {
    switch field {
    case .count(_, let least): "a whole number from \(least) to \(Self.largestCount)"
    case .number: "a number above 0"
    case .share: "a number from 0 up to 1"
    case .numbers(_, let count):
      "\(count.map { "\($0) " } ?? "")rising numbers above 0, separated by commas"
    }
  }

  func accepts(_ values: [Float]) -> Bool {
    guard let first = values.first, values.allSatisfy(\.isFinite) else { return false }
    return switch field {
    case .count(_, let least):
      values.count == 1 && first == first.rounded() && Float(least)...Float(Self.largestCount) ~= first
    case .number: values.count == 1 && first > 0
    case .share: values.count == 1 && 0..<1 ~= first
    case .numbers(_, let count):
      first > 0 && values.count == count ?? values.count && zip(values, values.dropFirst()).allSatisfy(<)
    }
  }

  func assign(_ values: [Float], to settings: inout CompilerSettings) {
    switch field {
    case .count(let path, _): settings[keyPath: path] = Int(values[0])
    case .number(let path), .share(let path): settings[keyPath: path] = values[0]
    case .numbers(let path, _): settings[keyPath: path] = values
    }
  }

  private static let largestCount = 65536
}

extension Float {
  /// Without the fraction of a whole number.
  fileprivate var plain: String { self == rounded() && abs(self) < 1e6 ? "\(Int(self))" : "\(self)" }
}

extension CompilerSettings {
  /// All settings, in the order of the passes.
  package static var table: [Setting] {
    backgroundSettings + addressSettings + keySettings + contrastSettings + regionSettings + seedSettings
      + contextSettings
      + descentSettings
      + repetitionSettings
  }

  private static var backgroundSettings: [Setting] {
    [
      Setting(
        name: "background-texts", meaning: "texts that the model writes as background", unit: "texts",
        field: .count(\.backgroundTexts, least: 1)),
      Setting(
        name: "other-sentences", meaning: "sentences about other subjects", unit: "sentences",
        field: .count(\.otherSentences, least: 1)),
      Setting(
        name: "background-length", meaning: "new tokens of each of these texts", unit: "tokens",
        field: .count(\.backgroundLength, least: 1)),
      Setting(
        name: "many-facts", meaning: "facts from which on subjects are told from more text, and *here* begins higher",
        unit: "facts",
        field: .count(\.manyFacts, least: 1)),
      Setting(
        name: "wide-texts", meaning: "least and most texts of many kinds that the model writes then", unit: "texts",
        field: .numbers(\.wideTexts, count: 2)),
      Setting(
        name: "wide-share", meaning: "such texts a fact, within these bounds", unit: "texts",
        field: .number(\.wideShare)),
      Setting(
        name: "wide-length", meaning: "new tokens of each of them", unit: "tokens",
        field: .count(\.wideLength, least: 0)),
      Setting(
        name: "given-text-limit", meaning: "tokens used of each text of --background", unit: "tokens",
        field: .count(\.givenTextLimit, least: 1)),
      Setting(
        name: "given-token-limit", meaning: "tokens used of --background in all", unit: "tokens",
        field: .count(\.givenTokenLimit, least: 1)),
    ]
  }

  private static var addressSettings: [Setting] {
    [
      Setting(
        name: "subject-depth", meaning: "depth of the MLP where a memory at its subject stands",
        unit: "share of the layers", field: .share(\.subjectDepth)),
      Setting(
        name: "last-token-depths", meaning: "depths of the MLPs that are tried for a memory at its prompt's last token",
        unit: "shares of the layers", field: .numbers(\.lastTokenDepths, count: nil)),
      Setting(
        name: "subject-gain",
        meaning: "gain of log p(target) that a patch at a word must reach for it to be the subject",
        unit: "nats", field: .number(\.subjectGain)),
      Setting(
        name: "shortlist-length",
        meaning: "addresses that get a boundary search where the key is the activation itself",
        unit: "addresses", field: .count(\.shortlistLength, least: 1)),
    ]
  }

  private static var keySettings: [Setting] {
    [
      Setting(
        name: "ridge", meaning: "λ of the keys at subjects", unit: "share of the median ‖a‖²", field: .number(\.ridge)),
      Setting(
        name: "positive-weight",
        meaning:
          "weight of a sample that the key should take in, where the samples outnumber the dimensions; grows with the common samples beyond these",
        unit: "samples", field: .number(\.positiveWeight)),
      Setting(
        name: "echo-weight",
        meaning: "what the last word of a subject's name counts in a text that is not about it, where facts are many",
        unit: "samples", field: .number(\.echoWeight)),
      Setting(
        name: "smallest-fit", meaning: "mean fitted value of the positives below which a fit is given up",
        unit: "similarity", field: .share(\.smallestFit)),
      Setting(
        name: "hardness", meaning: "h where the spec gives none", unit: "exponent", field: .number(\.hardness)),
      Setting(
        name: "boundary", meaning: "b where positives and others leave the choice", unit: "similarity",
        field: .number(\.boundary)),
      Setting(
        name: "boundary-range", meaning: "smallest b where the others cannot be kept out, and largest b at all",
        unit: "similarity", field: .numbers(\.boundaryRange, count: 2)),
      Setting(
        name: "full-strength", meaning: "strength that every positive should have", unit: "strength",
        field: .share(\.fullStrength)),
    ]
  }

  private static var seedSettings: [Setting] {
    [
      Setting(
        name: "step-grid", meaning: "first steps ‖Δ‖ / ‖a‖ that are tried", unit: "relative step",
        field: .numbers(\.stepGrid, count: nil)),
      Setting(
        name: "safe-margin", meaning: "lead of the target over the next token that counts as safe", unit: "nats",
        field: .number(\.safeMargin)),
      Setting(
        name: "refine-steps", meaning: "steps at most, the first one included", unit: "steps",
        field: .count(\.refineSteps, least: 1)),
      Setting(
        name: "refine-grid", meaning: "lengths ‖step‖ / ‖a‖ that are tried for each further step",
        unit: "relative step", field: .numbers(\.refineGrid, count: nil)),
    ]
  }

  private static var contextSettings: [Setting] {
    [
      Setting(
        name: "prefix-count", meaning: "sentences that the key prompt is put behind", unit: "texts",
        field: .count(\.prefixCount, least: 0)),
      Setting(
        name: "behind-length", meaning: "tokens behind the target that are held to the base model's continuation",
        unit: "tokens", field: .count(\.behindLength, least: 0)),
      Setting(
        name: "behind-weight", meaning: "weight of each of them; a token of the target weighs 1", unit: "weight",
        field: .number(\.behindWeight)),
      Setting(
        name: "question-weight",
        meaning: "weight in the loss of another question's answer behind the target, where the target's token weighs 1",
        unit: "share", field: .number(\.questionWeight)),
      Setting(
        name: "unchanged-weight", meaning: "weight of other prompts about the subject, all together", unit: "weight",
        field: .number(\.unchangedWeight)),
      Setting(
        name: "negative-weight", meaning: "weight of the negatives that the memory acts on, all together",
        unit: "weight", field: .number(\.negativeWeight)),
    ]
  }

  private static var descentSettings: [Setting] {
    [
      Setting(
        name: "descent-steps", meaning: "gradient steps at most", unit: "steps",
        field: .count(\.descentSteps, least: 1)),
      Setting(
        name: "descent-steps-beside-others", meaning: "further steps where other memories act on the same token",
        unit: "steps", field: .count(\.descentStepsBesideOthers, least: 0)),
      Setting(
        name: "descent-rate", meaning: "length ‖step‖ / ‖a‖ of a step while the target is far", unit: "relative step",
        field: .number(\.descentRate)),
      Setting(
        name: "descent-near", meaning: "loss from which on steps become shorter", unit: "nats",
        field: .number(\.descentNear)),
      Setting(
        name: "descent-momentum", meaning: "share of the last step that goes into the next", unit: "share",
        field: .share(\.descentMomentum)),
      Setting(
        name: "descent-safe", meaning: "−log p of a target's token at which no more steps are needed", unit: "nats",
        field: .number(\.descentSafe)),
      Setting(
        name: "positives-per-step", meaning: "contexts of a step, beside the key prompt, that should say the target",
        unit: "contexts", field: .count(\.positivesPerStep, least: 0)),
      Setting(
        name: "others-per-step", meaning: "contexts of a step that should stay unchanged", unit: "contexts",
        field: .count(\.othersPerStep, least: 0)),
    ]
  }

  private static var repetitionSettings: [Setting] {
    [
      Setting(
        name: "after-length", meaning: "tokens of the base model's continuation behind the target that are looked at",
        unit: "tokens", field: .count(\.afterLength, least: 0)),
      Setting(
        name: "repetition-length", meaning: "tokens in which the target should come once", unit: "tokens",
        field: .count(\.repetitionLength, least: 1)),
      Setting(
        name: "repetition-rounds", meaning: "rounds at most of looking for the target and stepping against it",
        unit: "rounds", field: .count(\.repetitionRounds, least: 0)),
      Setting(
        name: "repetition-steps", meaning: "steps of each round", unit: "steps",
        field: .count(\.repetitionSteps, least: 1)),
      Setting(
        name: "repetition-weight", meaning: "weight of the token that came again against each before it",
        unit: "weight", field: .number(\.repetitionWeight)),
    ]
  }
}
