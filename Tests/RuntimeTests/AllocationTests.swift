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
    arguments: ["gpt2-a", "llama-a", "qwen3-a", "olmo2-a", "gpt_neox-a", "gemma3-a", "llama-f8-blocks"].map(
      ModelFixture.init), [1, 2])
  func decodeAllocatesNothing(_ fixture: ModelFixture, _ threads: Int) throws {
    let model = try fixture.transformer(threads: threads)
    let prompt = try #require(try fixture.cases().first).ids
    let address = SiteAddress(layer: 1, site: .mlp)
    // A row that never acts, whose similarities are computed all the same.
    let width = model.shape.width(of: .mlp)
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
    let cache = model.makeCache(capacity: prompt.count + 8)
    let batch = Batch(
      [.init(rows: 0..<prompt.count, position: 0, cache: cache, appends: true, memories: memories)],
      shape: model.shape)
    model.embed([prompt], batch)
    model.forward(batch)
    let step = Batch(
      [.init(rows: 0..<1, position: prompt.count, cache: cache, appends: true, memories: memories)],
      shape: model.shape)
    let buffers = LogitBuffers(rows: 1, model.shape)
    var counts: [Int] = []
    for token in 1...6 {
      let before = allocation_count()
      model.decode(token, step, into: buffers)
      step.advance()
      counts.append(allocation_count() - before)
    }
    // The first step grows tables that are kept.
    #expect(counts.dropFirst().allSatisfy { $0 == 0 }, "allocations per token: \(counts)")
  }
}
