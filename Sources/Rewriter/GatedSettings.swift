extension CompilerSettings {
  /// The texts that a memory is told from, and what they count.
  static var contrastSettings: [Setting] { textSettings + weightSettings }

  private static var textSettings: [Setting] {
    [
      Setting(
        name: "names-per-question", meaning: "other names that the key prompt is asked with", unit: "names",
        field: .count(\.namesPerQuestion, least: 1)),
      Setting(
        name: "rival-names", meaning: "further names like the subject's", unit: "names",
        field: .count(\.rivalNames, least: 0)),
      Setting(
        name: "behind-questions", meaning: "key prompts about others behind the fact", unit: "texts",
        field: .count(\.behindQuestions, least: 0)),
      Setting(
        name: "behind-sentences", meaning: "other sentences about others behind a mention of the subject",
        unit: "texts",
        field: .count(\.behindSentences, least: 0)),
      Setting(
        name: "chat-turns", meaning: "user's turns that the model writes, for memories in chat", unit: "texts",
        field: .count(\.chatTurns, least: 0)),
      Setting(
        name: "chat-turn-length", meaning: "their length", unit: "tokens", field: .count(\.chatTurnLength, least: 1)),
      Setting(
        name: "same-answer",
        meaning: "the part of the key prompt's next-token distribution from which on a prompt asks the same",
        unit: "share",
        field: .share(\.sameAnswer)),
      Setting(
        name: "same-answer-length", meaning: "of an answer in a chat the tokens behind which it is looked at too",
        unit: "tokens", field: .count(\.sameAnswerLength, least: 1)),
      Setting(
        name: "token-stride", meaning: "of how many other tokens of a memory's own texts one is a sample",
        unit: "tokens", field: .count(\.tokenStride, least: 1)),
    ]
  }

  private static var weightSettings: [Setting] {
    [
      Setting(
        name: "asked-weight", meaning: "what all samples that a region should take in count together", unit: "samples",
        field: .number(\.askedWeight)),
      Setting(
        name: "here-key-share", meaning: "the part of it of the key prompts, for *here*", unit: "share",
        field: .number(\.hereKeyShare)),
      Setting(
        name: "same-question-share", meaning: "what the key prompt about other subjects counts beside it, for a row",
        unit: "share of asked-weight", field: .number(\.sameQuestionShare)),
      Setting(
        name: "last-weight", meaning: "what the last token of a prompt that asks otherwise counts, for a row",
        unit: "samples", field: .number(\.lastWeight)),
      Setting(
        name: "here-last-weight", meaning: "what the last token of a prompt about another subject counts, for *here*",
        unit: "samples", field: .number(\.hereLastWeight)),
      Setting(
        name: "behind-contrast-weight",
        meaning: "what the last token of a prompt about another subject counts behind a mention of the memory's own",
        unit: "samples", field: .number(\.behindContrastWeight)),
      Setting(
        name: "mined-weight", meaning: "what a token counts at which the patched model was wrong", unit: "samples",
        field: .number(\.minedWeight)),
    ]
  }

  /// The regions of cues and rows.
  static var regionSettings: [Setting] { placeSettings + boundSettings + thresholdSettings }

  private static var placeSettings: [Setting] {
    [
      Setting(
        name: "here-depths",
        meaning: "the shares of the depth between which attention's sites are tried for the cue *here*",
        unit: "share of the layers", field: .numbers(\.hereDepths, count: 2)),
      Setting(
        name: "row-depths", meaning: "the shares of the depth between which the MLP's sites are tried for rows",
        unit: "share of the layers", field: .numbers(\.rowDepths, count: 2)),
      Setting(
        name: "region-ridge", meaning: "λ of the fits of rows", unit: "share of the median ‖a‖²",
        field: .number(\.regionRidge)),
      Setting(
        name: "chat-ridge", meaning: "the same for rows in a chat", unit: "share of the median ‖a‖²",
        field: .number(\.chatRidge)),
      Setting(
        name: "here-ridge", meaning: "λ of the fits of *here*", unit: "share of the median ‖a‖²",
        field: .number(\.hereRidge)),
      Setting(
        name: "mining-rounds", meaning: "times that a row is fitted again with the tokens at which it was wrong",
        unit: "rounds", field: .count(\.miningRounds, least: 0)),
      Setting(
        name: "related-texts", meaning: "other facts about the subject whose texts are looked at then", unit: "facts",
        field: .count(\.relatedTexts, least: 0)),
    ]
  }

  private static var boundSettings: [Setting] {
    [
      Setting(
        name: "row-leak", meaning: "the part of the prompts that ask otherwise that a row may take in", unit: "share",
        field: .share(\.rowLeak)),
      Setting(
        name: "here-leak", meaning: "the part of the prompts about others that the cue *here* may take in",
        unit: "share", field: .share(\.hereLeak)),
      Setting(
        name: "chat-leak", meaning: "the same of the other questions about the subject in a chat", unit: "share",
        field: .share(\.chatLeak)),
      Setting(
        name: "region-boundary", meaning: "boundary of rows, whose keys are scaled to begin where they should",
        unit: "|1 − similarity|", field: .share(\.regionBoundary)),
      Setting(
        name: "seen-boundary", meaning: "boundary of the cue *seen* where positives and others leave the choice",
        unit: "|1 − similarity|", field: .share(\.seenBoundary)),
      Setting(
        name: "seen-share", meaning: "how much of the way to the nearest of the others it takes then", unit: "share",
        field: .share(\.seenShare)),
      Setting(
        name: "here-boundary", meaning: "boundary of the cue *here*, whose key is scaled in the same way",
        unit: "|1 − similarity|", field: .share(\.hereBoundary)),
      Setting(
        name: "listed-margin",
        meaning: "how far above the spec's negatives a row's region begins where it would take them in",
        unit: "share of their similarity", field: .number(\.listedMargin)),
      Setting(
        name: "region-top", meaning: "the similarity up to which a row's region then reaches at least",
        unit: "similarity of the key prompts", field: .number(\.regionTop)),
      Setting(
        name: "region-hardness", meaning: "hardness of cues and rows", unit: "h of the formula",
        field: .number(\.regionHardness)),
    ]
  }

  private static var thresholdSettings: [Setting] {
    [
      Setting(
        name: "here-thresholds",
        meaning: "least and largest share of the key prompts' similarity that the cue *here* begins at; of many facts "
          + "it is the largest",
        unit: "share", field: .numbers(\.hereThresholds, count: 2)),
      Setting(
        name: "row-thresholds",
        meaning: "least and largest share of it that a row for the target's first token begins at",
        unit: "share", field: .numbers(\.rowThresholds, count: 2)),
      Setting(
        name: "chat-thresholds", meaning: "the same in a chat", unit: "share",
        field: .numbers(\.chatThresholds, count: 2)),
      Setting(
        name: "later-threshold",
        meaning: "the share of it that a row for a later token begins at",
        unit: "share", field: .share(\.laterThreshold)),
      Setting(
        name: "alone-thresholds",
        meaning: "least and largest share of it that a row without cues begins at",
        unit: "share", field: .numbers(\.aloneThresholds, count: 2)),
    ]
  }
}
