import TestSupport
import Testing

@testable import Format
@testable import Runtime

/// A token's bits do not depend on how its sequence is cut up, what else is in the batch, or the number of threads.
@Suite struct InvarianceTests {
  /// Logits of every token, computed whole.
  static func whole(_ model: Transformer, _ ids: [Int], memories: MemorySet? = nil) -> [UInt32] {
    let batch = model.singleBatch(ids, memories: memories)
    model.forward(batch)
    return model.logits(batch.residual, rows: Array(ids.indices)).array.map(\.bitPattern)
  }

  static func tokenByToken(_ model: Transformer, _ ids: [Int]) -> [UInt32] {
    let cache = model.makeCache(capacity: 1)
    return ids.enumerated().flatMap { i, token in
      let batch = Batch(
        [.init(rows: 0..<1, position: i, cache: cache, appends: true, memories: model.noMemories)],
        shape: model.shape)
      model.embed([[token]], batch)
      model.forward(batch)
      return model.logits(batch.residual, rows: [0]).array.map(\.bitPattern)
    }
  }

  /// In the middle of a batch of others, its first half cached.
  static func mixed(_ model: Transformer, _ ids: [Int]) -> [UInt32] {
    let half = ids.count / 2
    let cache = model.makeCache(capacity: 4)
    var result: [UInt32] = []
    for (tokens, position) in [(Array(ids[..<half]), 0), (Array(ids[half...]), half)] where !tokens.isEmpty {
      let others = [Array(ids.reversed()), [ids[0]]]
      var row = 0
      func sequence(_ count: Int, _ position: Int, _ cache: KVCache?) -> Batch.Sequence {
        defer { row += count }
        return .init(
          rows: row..<(row + count), position: position, cache: cache, appends: cache != nil,
          memories: model.noMemories)
      }
      let batch = Batch(
        [sequence(others[0].count, 0, nil), sequence(tokens.count, position, cache), sequence(1, 0, nil)],
        shape: model.shape)
      model.embed([others[0], tokens, others[1]], batch)
      model.forward(batch)
      let rows = Array(others[0].count..<(others[0].count + tokens.count))
      result += model.logits(batch.residual, rows: rows).array.map(\.bitPattern)
    }
    return result
  }

  @Test(arguments: ModelFixture.all)
  func sameBitsHoweverComputed(_ fixture: ModelFixture) throws {
    let one = try fixture.transformer(threads: 1)
    let two = try fixture.transformer(threads: 2)
    let five = try fixture.transformer(threads: 5)
    for item in try fixture.cases() {
      let expected = Self.whole(one, item.ids)
      for model in [one, two, five] {
        #expect(Self.whole(model, item.ids) == expected)
        #expect(Self.tokenByToken(model, item.ids) == expected)
        #expect(Self.mixed(model, item.ids) == expected)
      }
    }
  }

  /// Each token counts every weight of the blocks once, twice an operation; its logits the head.
  @Test(arguments: ["llama-a", "gpt2-a", "gpt_neox-a", "gemma3-a"].map(ModelFixture.init))
  func operationsAreCounted(_ fixture: ModelFixture) throws {
    let model = try fixture.transformer(threads: 2)
    let weights = model.blocks.reduce(0) { total, block in
      let parts =
        block.queryKeyValue.parts + block.feedForwardInput.parts + [block.attentionOutput, block.feedForwardOutput]
      return parts.reduce(total) { $0 + $1.inputs * $1.outputs }
    }
    let before = model.pool.operations
    let batch = model.singleBatch(Array(1...7))
    let tape = Tape(forBackward: true)
    model.forward(batch, tape: tape)
    #expect(model.pool.operations - before == 2 * 7 * weights)
    let forward = model.pool.operations
    _ = model.gradients(batch, tape: tape, losses: [LossTerm(row: 6, target: 1)])
    let head = model.shape.width * model.shape.vocabulary
    // Nothing flows back below the first attention site.
    let first = model.blocks[0].queryKeyValue.parts.reduce(0) { $0 + $1.inputs * $1.outputs }
    #expect(model.pool.operations - forward == 2 * (7 * (weights - first) + 2 * head))
  }

  @Test(.requiresRealModel)
  func sameBitsOnTheRealModel() throws {
    let path = try #require(RealModel.path)
    let checkpoint = try Checkpoint(path: path)
    let ids = [504, 3575, 2240, 282, 36046, 314, 3807, 281, 260, 1234, 17, 99]
    let one = try Transformer.load(checkpoint, pool: WorkerPool(threads: 1))
    let expected = Self.whole(one, ids)
    #expect(Self.tokenByToken(one, ids) == expected)
    let two = try Transformer.load(checkpoint, pool: WorkerPool(threads: 2))
    #expect(Self.whole(two, ids) == expected)
    #expect(Self.tokenByToken(two, ids) == expected)
    #expect(Self.mixed(two, ids) == expected)
  }
}
