import AllocationCounting
import Testing

@testable import Format
@testable import Runtime

/// The decode loop allocates nothing.
@Suite struct AllocationTests {
  /// A counter that counts nothing would let everything pass.
  @Test(.enabled(if: allocation_count() >= 0)) func counterCounts() {
    let before = allocation_count()
    let matrix = FloatMatrix(3, 5)
    #expect(matrix.rows == 3 && allocation_count() > before)
  }

  @Test(
    .enabled(if: allocation_count() >= 0),
    arguments: [
      "gpt2-a", "llama-a", "qwen3-a", "olmo2-a", "gpt_neox-a", "gemma3-a", "llama-f8-blocks", "qwen3_moe-b", "gemma2-a",
      "granite-a", "cohere-b",
    ].map(
      ModelFixture.init), [(1, 1), (2, 1), (1, 5), (2, 5)])
  func decodeAllocatesNothing(_ fixture: ModelFixture, _ run: (threads: Int, sequences: Int)) throws {
    let (threads, sequences) = run
    let model = try fixture.transformer(threads: threads)
    let prompt = try #require(try fixture.cases().first).ids
    let address = try #require(model.shape.addresses.dropFirst(2).first)
    // A row that never acts, whose similarities are computed all the same.
    let width = model.shape.width(of: address.site)
    let row = MemoryRow.sample(
      module: model.module(address), boundary: 1e-3, hardness: 8, key: [Float](repeating: 100, count: width),
      delta: [Float](repeating: 1, count: width))
    // A row that looks for its cues and acts at every token.
    let cues = [MemoryCue.Mode.seen, .here].map {
      MemoryCue(
        mode: $0, module: model.module(SiteAddress(layer: 0, site: .attn)), boundary: 1e6, hardness: 1,
        key: [Float](repeating: 1, count: model.shape.width(of: .attn)))
    }
    var gated = row
    (gated.boundary, gated.delta, gated.cues) = (1e6, [Float](repeating: 1e-3, count: width), cues)
    let memories = try MemorySet([.sample([row, gated])], for: model)
    let group = SequenceGroup(model, rowLimit: 512)
    group.traces = false
    for key in 0..<sequences {
      group.join(prompt, as: key, capacity: prompt.count + 8, memories: memories)
    }
    var counts: [Int] = []
    for token in 0...6 {
      let before = allocation_count()
      group.step { _ in token }
      counts.append(allocation_count() - before)
    }
    // The first step runs the prompts, the second grows tables that are kept.
    #expect(counts.dropFirst(2).allSatisfy { $0 == 0 }, "allocations per step: \(counts)")
  }
}
