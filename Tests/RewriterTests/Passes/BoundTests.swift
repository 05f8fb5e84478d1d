import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// The search for a boundary, against what the patched model then does.
@Suite struct BoundTests {
  /// The search counts by one forward run over forced texts, the report by generating: they must agree.
  @Test(arguments: TinyModel.all)
  func theBoundaryDoesWhatTheSearchSaw(_ name: String) throws {
    let result = try compile(
      TinyModel.checkpoint(name), SpecText.auto("a", extra: #","target_tokens":"first","method":"seed""#))
    let (memory, outcome) = (result.compiled[0], result.results[0])
    let boundary = try #require(memory.rows.first).boundary
    let point = try #require(memory.curve.first { $0.boundary == boundary })
    #expect(memory.rows.count == 1 && memory.targetIDs.count == 1)
    #expect(point.positives == outcome.count(positive: true).holding)
    #expect(point.negatives == outcome.count(positive: false).holding)
    #expect(point.keyHolds == outcome.keyHolds)
    #expect(memory.curve.map(\.boundary) == memory.curve.map(\.boundary).sorted())
    // No other point of the curve does better.
    #expect(memory.curve.allSatisfy { !$0.keyHolds || $0.score <= point.score })
  }

  /// With a pinned boundary, candidates are compared by the prompts that hold with it.
  @Test(arguments: TinyModel.all)
  func aPinnedBoundaryIsTriedAtEveryCandidate(_ name: String) throws {
    let extra = #","boundary":0.3,"target_tokens":"first","method":"seed""#
    let result = try compile(TinyModel.checkpoint(name), SpecText.auto("a", extra: extra), to: nil)
    #expect(result.compiled[0].rows.map(\.boundary) == [0.3])
    let point = try #require(result.compiled[0].curve.first)
    #expect(result.compiled[0].curve.count == 1 && point.boundary == 0.3)
    #expect(point.positives == result.results[0].count(positive: true).holding)
    #expect(point.negatives == result.results[0].count(positive: false).holding)
  }
}
