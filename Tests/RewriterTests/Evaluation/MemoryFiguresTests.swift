import Foundation
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// The data of the report's figures, against the evaluation.
@Suite struct MemoryFiguresTests {
  private static let memory = SpecText.auto("a", extra: #","held_out":{"negatives":["The city of Tokyo lies in"]}"#)

  /// At the chosen boundary the curve has the counts of the evaluation of the whole file.
  @Test(arguments: ["gpt2-a", "llama-a"])
  func curveAgreesWithTheEvaluation(model: String) throws {
    let result = try compile(TinyModel.checkpoint(model), Self.memory, figures: true)
    let (figures, row) = (try #require(result.figures.first), result.compiled[0].rows[0])
    let point = try #require(figures.curve.first { $0.boundary == row.boundary })
    #expect(point.positives == result.results[0].count(positive: true).holding)
    #expect(point.negatives == result.results[0].count(positive: false).holding)
    #expect(zip(figures.curve, figures.curve.dropFirst()).allSatisfy { $0.boundary < $1.boundary })
  }

  /// A prompt is drawn inside the region exactly if the memory fires on it.
  @Test(arguments: ["gpt2-a", "llama-a"])
  func stripAgreesWithWhatFires(model: String) throws {
    let result = try compile(TinyModel.checkpoint(model), Self.memory, figures: true)
    let (figures, row) = (try #require(result.figures.first), result.compiled[0].rows[0])
    for (i, prompt) in result.results[0].prompts.enumerated() {
      let isInside =
        MemoryRegion(row).strength(similarity: figures.strips[0].prompts[i].similarity) > 0
      let firesInPrompt = prompt.firings.contains { $0.position < figures.tokens[i].count }
      #expect(isInside == firesInPrompt, "\(prompt.prompt)")
    }
    #expect(result.results[0].prompts[0].targetAfter > result.results[0].prompts[0].targetBefore)
  }

  /// Of a memory that asks for cues too the curve has, at the chosen boundary, the counts of the evaluation; a strip stands
  /// for each of its regions.
  @Test(arguments: TinyModel.all, ["first", "all"])
  func figuresOfAMemoryThatAsksForCues(model: String, tokens: String) throws {
    let entry = SpecText.gated("a", extra: #","target_tokens":"\#(tokens)""#)
      .replacingOccurrences(of: "\" Tokyo\"", with: "\" river Tokyo\"")
    let result = try compile(TinyModel.checkpoint(model), entry, map: true, figures: true)
    let (figures, row) = (try #require(result.figures.first), result.compiled[0].rows[0])
    let point = try #require(figures.curve.first { $0.boundary == row.boundary })
    #expect(point.positives == result.results[0].count(positive: true).holding)
    #expect(point.negatives == result.results[0].count(positive: false).holding)
    #expect(Set(figures.curve.map(\.positives)).count > 1 || point.positives == 0, "the boundary does nothing")
    #expect(figures.strips.map(\.role) == [.seen, .here, .asked])
    #expect(figures.strips.map(\.boundary) == row.cues.map(\.boundary) + [row.boundary])
    for (i, strip) in figures.strips.enumerated() {
      let expected = result.prompts.map { $0.regions!.regions[i].similarity }
      #expect(strip.prompts.map(\.similarity) == expected && !strip.background.isEmpty)
    }
  }

  /// Memories with a failing prompt come first where not all can be shown.
  @Test func choosesFailingMemories() {
    var holds = [Bool](repeating: true, count: 100)
    holds[70] = false
    let chosen = MemoryFigures.chosen(holds)
    #expect(chosen == Array(0..<23) + [70])
  }
}
