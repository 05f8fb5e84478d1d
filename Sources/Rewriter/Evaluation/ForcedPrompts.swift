import Format
import Runtime

/// Prompts with what should follow them, run once through the base model so that a patch at any site can be tried on
/// all of them from that site, and from the first token that it acts on.
///
/// A greedy continuation equals what should follow exactly if at each of its positions, given the ones before, the
/// likeliest token is the right one; so one pass over the whole text decides, without generating.
final class ForcedPrompts {
  struct Item {
    /// The prompt's tokens and all but the last of those that should follow.
    var ids: [Int]
    var promptCount: Int
    /// What should follow.
    var expected: [Int]
    var isPositive: Bool
    /// Its rows in the tape.
    var rows: Range<Int>
    /// The base model's keys and values of `ids`.
    var cache: KVCache
    /// Whether the base model goes on with each of `expected`.
    var isRightInBase: [Bool] = []

    /// How many of the expected tokens are looked at: negatives are taken whole.
    func looked(_ depth: Int) -> Int { isPositive ? min(depth, expected.count) : expected.count }
  }

  private(set) var items: [Item] = []
  let tape = Tape(forBackward: false)
  private let transformer: Transformer

  private static let rowLimit = 1024

  init(_ prompts: [(prompt: [Int], expected: [Int], isPositive: Bool)], transformer: Transformer) {
    self.transformer = transformer
    var row = 0
    items = prompts.map { prompt, expected, isPositive in
      let ids = prompt + expected.dropLast()
      defer { row += ids.count }
      return Item(
        ids: ids, promptCount: prompt.count, expected: expected, isPositive: isPositive,
        rows: row..<(row + ids.count), cache: transformer.makeCache(capacity: ids.count))
    }
    let none = MemorySet.none(of: transformer)
    let batch = Batch(
      items.map { .init(rows: $0.rows, position: 0, cache: $0.cache, appends: true, memories: none) },
      shape: transformer.shape)
    transformer.embed(items.map(\.ids), batch)
    transformer.forward(batch, tape: tape)
    let looks = items.map { item in
      item.expected.indices.map { item.rows.lowerBound + item.promptCount - 1 + $0 }
    }
    var right = areRight(batch.residual, rows: looks.flatMap(\.self), expected: items.flatMap(\.expected))[
      ...]
    for i in items.indices {
      items[i].isRightInBase = Array(right.prefix(items[i].expected.count))
      right = right.dropFirst(items[i].expected.count)
    }
  }

  /// The base model's activations of some items' tokens at a site (n, D), without those that stand behind a text of
  /// `excluded`.
  func activations(
    of items: [Item], _ address: SiteAddress, excluding excluded: Set<[Int]>
  ) -> FloatMatrix {
    let rows = items.flatMap { item in
      item.ids.indices.filter { !excluded.contains(Array(item.ids[...$0])) }.map { item.rows.lowerBound + $0 }
    }
    let all = tape[address.layer].site(address.site)
    let result = FloatMatrix(rows.count, all.width)
    for (i, row) in rows.enumerated() { result.row(i).update(from: all.row(row), count: all.width) }
    return result
  }

  /// Whether each prompt goes on as it should with each of `memories`, all of which act at `address` alone.
  ///
  /// - Parameter depth: expected tokens looked at, from the first on; positives only (negatives are taken whole).
  /// - Returns: [memory set][item]: whether the looked-at tokens all come out right. Tokens before the first that a
  ///   memory acts on are answered by the base model's pass.
  func holds(_ memories: [MemorySet], at address: SiteAddress, depth: Int) -> [[Bool]] {
    let activations = tape[address.layer].site(address.site)
    let base = items.map { $0.isRightInBase.prefix($0.looked(depth)).allSatisfy(\.self) }
    var result = [[Bool]](repeating: base, count: memories.count)
    var pending: [Trial] = []
    var rows = 0
    func flush() {
      for (trial, holds) in zip(pending, run(pending, address, depth)) {
        result[trial.set][trial.item] = holds
      }
      pending = []
      rows = 0
    }
    for (set, memory) in memories.enumerated() {
      for (i, item) in items.enumerated() {
        guard let row = memory[address]?.firstFiring(activations, rows: item.rows) else { continue }
        let trial = Trial(set: set, item: i, first: row - item.rows.lowerBound, memories: memory)
        if rows + item.ids.count - trial.first > Self.rowLimit { flush() }
        pending.append(trial)
        rows += item.ids.count - trial.first
      }
    }
    flush()
    return result
  }

  private struct Trial {
    var set: Int
    var item: Int
    /// The first of the item's tokens that a memory acts on.
    var first: Int
    var memories: MemorySet
  }

  private func run(_ trials: [Trial], _ address: SiteAddress, _ depth: Int) -> [Bool] {
    let count = trials.reduce(0) { $0 + items[$1.item].ids.count - $1.first }
    let batch = Batch([], shape: transformer.shape, capacity: count)
    let layer = tape[address.layer]
    let residual = address.site == .attn ? layer.residual : layer.middle
    let activation = layer.site(address.site)
    var looks: [(trial: Int, row: Int, expected: Int)] = []
    var holds: [Bool] = []
    for (i, trial) in trials.enumerated() {
      let item = items[trial.item]
      let rows = batch.rows..<(batch.rows + item.ids.count - trial.first)
      batch.append(
        .init(rows: rows, position: trial.first, cache: item.cache, appends: false, memories: trial.memories))
      for (offset, row) in rows.enumerated() {
        let source = item.rows.lowerBound + trial.first + offset
        batch.residual.row(row).update(from: residual.row(source), count: residual.width)
        batch.site(address.site).row(row).update(from: activation.row(source), count: activation.width)
      }
      // Positions before the first patched token are the base model's.
      let untouched = min(max(0, trial.first - (item.promptCount - 1)), item.looked(depth))
      holds.append(item.isRightInBase.prefix(untouched).allSatisfy(\.self))
      for j in untouched..<item.looked(depth) {
        looks.append((i, rows.lowerBound + item.promptCount - 1 + j - trial.first, item.expected[j]))
      }
    }
    guard count > 0 else { return holds }
    transformer.resume(batch, at: address)
    looks.removeAll { !holds[$0.trial] }
    let right = areRight(batch.residual, rows: looks.map(\.row), expected: looks.map(\.expected))
    for (look, isRight) in zip(looks, right) where !isRight { holds[look.trial] = false }
    return holds
  }

  /// Whether the likeliest token behind each row is the expected one.
  private func areRight(_ residual: FloatMatrix, rows: [Int], expected: [Int]) -> [Bool] {
    var result: [Bool] = []
    for first in stride(from: 0, to: rows.count, by: 256) {
      let part = first..<min(first + 256, rows.count)
      let logits = transformer.logits(residual, rows: Array(rows[part]))
      result += part.map { logits.largest($0 - first) == expected[$0] }
    }
    return result
  }
}
