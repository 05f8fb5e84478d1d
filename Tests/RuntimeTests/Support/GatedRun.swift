@testable import Runtime

/// What a text's tokens come to with memories: the bits of their logits, and the firings by token.
struct GatedRun: Equatable {
  private(set) var logits: [UInt32] = []
  private(set) var firings: [Firing] = []

  init() {}

  /// The whole text in one pass without a cache.
  init(_ model: Transformer, _ ids: [Int], _ set: MemorySet) {
    let batch = model.singleBatch(ids, memories: set)
    batch.traces = true
    model.forward(batch)
    add(batch, sequence: 0, model)
  }

  /// The text in pieces behind each other, which a cache holds together.
  ///
  /// - Parameters:
  ///   - lengths: of the pieces.
  ///   - others: texts that stand before and behind each piece in the batch, each with its memories.
  init(
    _ model: Transformer, _ ids: [Int], _ set: MemorySet, lengths: [Int], cache: KVCache? = nil,
    between others: [(ids: [Int], set: MemorySet)] = []
  ) {
    let cache = cache ?? model.makeCache(capacity: 1)
    for length in lengths {
      let piece = Array(ids[cache.count..<(cache.count + length)])
      var tokens: [[Int]] = []
      let batch = Batch([], shape: model.shape, capacity: length + others.reduce(0) { $0 + $1.ids.count })
      batch.traces = true
      func append(_ ids: [Int], _ set: MemorySet, position: Int, cache: KVCache?) {
        tokens.append(ids)
        batch.append(
          .init(
            rows: batch.rows..<(batch.rows + ids.count), position: position, cache: cache, appends: cache != nil,
            memories: set))
      }
      for other in others.dropLast() { append(other.ids, other.set, position: 0, cache: nil) }
      append(piece, set, position: cache.count, cache: cache)
      if let other = others.last { append(other.ids, other.set, position: 0, cache: nil) }
      model.embed(tokens, batch)
      model.forward(batch)
      add(batch, sequence: max(0, others.count - 1), model)
    }
  }

  /// Adds what a pass made of a sequence; firings in the order of tokens and sites.
  mutating func add(_ batch: Batch, sequence: Int, _ model: Transformer) {
    let sequence = batch.sequences[sequence]
    logits += model.logits(batch.residual, rows: Array(sequence.rows)).array.map(\.bitPattern)
    let located = batch.firings.filter { sequence.rows.contains($0.position) }.map { firing in
      var firing = firing
      firing.position += sequence.position - sequence.rows.lowerBound
      return firing
    }
    firings += located.enumerated().sorted {
      ($0.element.position, $0.element.address, $0.offset) < ($1.element.position, $1.element.address, $1.offset)
    }.map(\.element)
  }

  mutating func append(_ other: GatedRun) {
    logits += other.logits
    firings += other.firings
  }
}
