import TestSupport
import Testing

@testable import Format
@testable import Runtime

/// Prompts continued side by side have the tokens, probabilities and firings that they have alone.
@Suite struct GenerationGroupTests {
  static let fixtures = [
    "gpt2-a", "llama-a", "gemma3-sentencepiece", "gemma2-a", "granite-a", "phi-a", "cohere2-a", "qwen2_moe-a",
    "mixtral-b",
  ].map(ModelFixture.init)

  /// Random work: prompts of mixed lengths, greedy and sampled, with memories and without.
  private struct Work {
    let model: LanguageModel
    var requests: [GenerationRequest] = []

    private let folder: TemporaryFolder

    init(_ fixture: ModelFixture, count: Int, using random: inout SeededGenerator) throws {
      folder = try TemporaryFolder()
      model = try LanguageModel(path: folder.model(fixture.name), threads: 2)
      let texts = try fixture.cases().map(\.ids)
      let longest = try #require(texts.max { $0.count < $1.count })
      let sets = try (0..<2).map { _ in try GatedSample(model.transformer, longest, using: &random).set }
      for i in 0..<count {
        let text = i % 3 == 0 ? longest : texts.randomElement(using: &random)!
        let sampling = Sampling(
          temperature: [0, 0.7, 1.5].randomElement(using: &random)!, topK: [nil, 9].randomElement(using: &random)!,
          topP: [nil, 0.9].randomElement(using: &random)!, seed: UInt64.random(in: 0..<9, using: &random))
        requests.append(
          GenerationRequest(
            Array(text.prefix(Int.random(in: 1...text.count, using: &random))),
            maxTokens: [0, 1, 2, 7, 12, .max].randomElement(using: &random)!, sampling: sampling, logprobs: 3,
            memories: [sets[0], sets[1], model.transformer.noMemories].randomElement(using: &random)!,
            stops: i % 4 == 1 ? Set(0..<20) : []))
      }
    }

    /// What a group makes of all, with as many at once as its limits allow.
    func run(_ group: GenerationGroup) -> (generations: [Generation], most: Int) {
      var answers: [Int: Generation] = [:]
      var (next, most) = (0, 0)
      while answers.count < requests.count {
        while next < requests.count, group.hasRoom(for: requests[next]) {
          group.add(requests[next], as: next)
          next += 1
        }
        most = max(most, next - answers.count)
        for ended in group.step() { answers[ended.key] = ended.generation }
      }
      #expect(group.isEmpty)
      return (requests.indices.map { answers[$0]! }, most)
    }
  }

  private func isSame(_ a: Generation, _ b: Generation) -> Bool {
    a.promptIDs == b.promptIDs && a.ids == b.ids && a.finish == b.finish && a.firings == b.firings
      && a.logprobs == b.logprobs
  }

  @Test(arguments: fixtures)
  func eachIsAsItIsAlone(_ fixture: ModelFixture) throws {
    let seed = UInt64.random(in: 0..<1 << 32)
    var random = SeededGenerator(seed: seed)
    let work = try Work(fixture, count: 30, using: &random)
    let alone = work.requests.map { work.model.generate($0) }
    #expect(alone.contains { !$0.firings.isEmpty } && Set(alone.map(\.ids.count)).count > 3, "seed \(seed)")
    for (sequences, tokens) in [(64, 4096), (5, 4096), (64, 120), (1, 1)] {
      let group = GenerationGroup(work.model, sequenceLimit: sequences, tokenLimit: tokens)
      let (together, most) = work.run(group)
      #expect(most <= sequences && (most > 1) == (sequences > 1), "seed \(seed)")
      for (a, b) in zip(alone, together) { #expect(isSame(a, b), "seed \(seed), prompt \(a.promptIDs)") }
    }
  }

  /// Against one pass over the prompt and all that was said behind it.
  @Test(arguments: fixtures)
  func probabilitiesAndFiringsAreThoseOfTheWholeText(_ fixture: ModelFixture) throws {
    let seed = UInt64.random(in: 0..<1 << 32)
    var random = SeededGenerator(seed: seed)
    let work = try Work(fixture, count: 20, using: &random)
    let model = work.model.transformer
    for (request, result) in zip(work.requests, work.run(GenerationGroup(work.model)).generations) {
      let text = request.prompt + (result.finish == .stop ? result.ids : result.ids.dropLast())
      let memories = try #require(request.memories)
      #expect(result.firings == GatedRun(model, text, memories).firings, "seed \(seed)")
      let logits = model.logits(of: text, rows: (request.prompt.count - 1)..<text.count, memories: memories)
      for (row, likeliest) in result.logprobs.enumerated() {
        #expect(likeliest == LanguageModel.likeliest(logits, row: row, count: 3), "seed \(seed)")
        if request.sampling.temperature == 0 { #expect(result.ids[row] == likeliest[0].id, "seed \(seed)") }
      }
    }
  }

  /// Prompts that are longer than a step, and more sequences than a step has rows.
  @Test(arguments: [1, 2, 3, 7, 100])
  func howManyRowsAStepHasChangesNothing(_ rowLimit: Int) throws {
    let fixture = ModelFixture(name: "llama-a")
    let model = try fixture.transformer()
    let prompts = try fixture.cases().map(\.ids)
    let group = SequenceGroup(model, rowLimit: rowLimit)
    for (key, prompt) in prompts.enumerated() {
      group.join(prompt, as: key, capacity: prompt.count, memories: model.noMemories)
    }
    var ids = prompts
    var (steps, turns) = (0, 0)
    while !group.isEmpty {
      steps += 1
      group.step { turn in
        turns += 1
        #expect(turn.count == ids[turn.key].count)
        let expected = model.logits(of: ids[turn.key], rows: [turn.count - 1])
        #expect(turn.logits.array(turn.row).map(\.bitPattern) == expected.array(0).map(\.bitPattern))
        guard turn.count < prompts[turn.key].count + 3 else { return nil }
        ids[turn.key].append(turn.logits.largest(turn.row))
        return ids[turn.key].last
      }
    }
    let rows = prompts.reduce(0) { $0 + $1.count + 3 }
    #expect(turns == 4 * prompts.count && steps >= (rows + rowLimit - 1) / rowLimit)
  }
}
