import TestSupport
import Testing

@testable import Format
@testable import Runtime

/// A token's bits depend neither on how its sequence is cut up, nor on the rest of the batch, nor on the threads.
@Suite struct InvarianceTests {
  /// The logits of all tokens, computed in one batch.
  private static func whole(_ model: Transformer, _ ids: [Int]) -> [UInt32] {
    model.logits(of: ids, rows: ids.indices).array.map(\.bitPattern)
  }

  /// The logits of all tokens, each computed behind the others in a cache.
  private static func tokenByToken(_ model: Transformer, _ ids: [Int]) -> [UInt32] {
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

  /// The logits of all tokens, computed between other sequences, the second half behind the first in a cache.
  private static func mixed(_ model: Transformer, _ ids: [Int]) -> [UInt32] {
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
  func bitsAreTheSameHoweverComputed(_ fixture: ModelFixture) throws {
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

  @Test(.requiresRealModel)
  func bitsAreTheSameOnARealModel() throws {
    let checkpoint = try Checkpoint(path: try #require(RealModel.path))
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
