import Format

/// Every tuned number of the compiler, with the value that it has unless `rewrite --setting NAME=VALUE` says otherwise.
///
/// `table` has the name, meaning and unit of each; `docs/settings.md` the model and the command that it was measured
/// with. `Benchmarks/settings NAME` measures one anew.
public struct CompilerSettings: Sendable, Equatable {
  // Text that memories should leave alone.
  package var backgroundTexts = 12
  package var backgroundLength = 16
  package var otherSentences = 32
  /// Facts from which on the numbers below count.
  package var manyFacts = 64
  package var wideTexts: [Float] = [64, 512]
  package var wideShare: Float = 0.25
  package var wideLength = 24
  package var givenTextLimit = 64
  package var givenTokenLimit = 2048

  // The addresses where memories stand.
  package var subjectDepth: Float = 0.3
  package var lastTokenDepths: [Float] = [0.6, 0.7, 0.8]
  package var subjectGain: Float = 1
  package var shortlistLength = 6

  // Keys and bounds.
  package var ridge: Float = 0.2
  package var positiveWeight: Float = 50
  package var smallestFit: Float = 0.05
  package var hardness: Float = 8
  package var boundary: Float = 0.4
  package var boundaryRange: [Float] = [0.1, 0.75]
  package var echoWeight: Float = 1
  package var fullStrength: Float = 0.97

  // Cues and rows.
  package var hereDepths: [Float] = [0.6, 0.8]
  package var rowDepths: [Float] = [0.9, 1]
  package var regionRidge: Float = 3
  package var chatRidge: Float = 10
  package var hereRidge: Float = 300
  package var tokenStride = 6
  package var askedWeight: Float = 1500
  package var hereKeyShare: Float = 0.5
  package var sameQuestionShare: Float = 0.5
  package var lastWeight: Float = 24
  package var hereLastWeight: Float = 4
  package var behindContrastWeight: Float = 24
  package var minedWeight: Float = 40
  package var sameAnswer: Float = 0.5
  package var sameAnswerLength = 12
  package var namesPerQuestion = 8
  package var rivalNames = 4
  package var behindQuestions = 10
  package var behindSentences = 8
  /// User's turns that the model writes as contrast to memories for chat, and their tokens at most.
  package var chatTurns = 16
  package var chatTurnLength = 20
  package var rowLeak: Float = 0.04
  package var hereLeak: Float = 0.1
  package var chatLeak: Float = 0.03
  package var regionBoundary: Float = 0.9
  package var seenBoundary: Float = 0.36
  package var seenShare: Float = 0.85
  package var hereBoundary: Float = 0.7
  package var listedMargin: Float = 1.15
  package var regionTop: Float = 2
  package var regionHardness: Float = 64
  package var hereThresholds: [Float] = [0.5, 0.72]
  package var rowThresholds: [Float] = [0.05, 0.2]
  package var chatThresholds: [Float] = [0.07, 0.6]
  package var laterThreshold: Float = 0.4
  package var aloneThresholds: [Float] = [0.4, 0.9]
  package var miningRounds = 3
  package var relatedTexts = 8

  // A delta from the key prompt alone.
  package var stepGrid: [Float] = [0.25, 0.5, 1, 2, 4, 8]
  package var safeMargin: Float = 1
  package var refineSteps = 12
  package var refineGrid: [Float] = [0.125, 0.25, 0.5, 1, 2]

  // A delta from several contexts.
  package var prefixCount = 4
  package var behindLength = 8
  package var afterLength = 16
  package var behindWeight: Float = 0.3
  package var questionWeight: Float = 0.5
  package var unchangedWeight: Float = 0.5
  package var negativeWeight: Float = 2
  package var descentSteps = 14
  package var descentStepsBesideOthers = 12
  package var descentRate: Float = 0.4
  package var descentNear: Float = 1.5
  package var descentMomentum: Float = 0.5
  package var descentSafe: Float = 0.05
  package var positivesPerStep = 2
  package var othersPerStep = 4

  // Keeping a target from being said again.
  package var repetitionLength = 20
  package var repetitionRounds = 4
  package var repetitionSteps = 5
  package var repetitionWeight: Float = 5

  public init() {}

  /// Gives one setting another value.
  ///
  /// - Parameter text: a number, or as many as the setting has, separated by commas.
  /// - Throws: `FormatError` of kind `spec` for an unknown name or a value out of range.
  public mutating func set(_ name: String, to text: String) throws(FormatError) {
    guard let setting = Self.table.first(where: { $0.name == name }) else {
      throw FormatError(
        .spec, "--setting \(name)", "no such setting",
        expected: nearestName(to: name, among: Self.table.map(\.name)) ?? "a name of docs/settings.md", got: name)
    }
    let values = text.split(separator: ",", omittingEmptySubsequences: false).map { Float($0) }
    let numbers = values.compactMap(\.self)
    guard numbers.count == values.count, setting.accepts(numbers) else {
      throw FormatError(
        .spec, "--setting \(name)", "not a value of this setting", expected: setting.expectation, got: quoted(text))
    }
    setting.assign(numbers, to: &self)
  }
}
