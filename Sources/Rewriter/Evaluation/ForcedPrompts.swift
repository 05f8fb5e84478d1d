import Format
import Runtime

/// Prompts with what should follow them, run once through the base model so that a patch at any site can be tried on
/// all of them from that site on.
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
  }

  let items: [Item]
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
        rows: row..<(row + ids.count))
    }
    let none = MemorySet.none(of: transformer)
    let batch = Batch(
      items.map { .init(rows: $0.rows, position: 0, cache: nil, appends: false, memories: none) },
      shape: transformer.shape)
    transformer.embed(items.map(\.ids), batch)
    transformer.forward(batch, tape: tape)
  }

  /// The base model's activation at a site, for the last token of a prompt.
  func lastActivation(_ item: Item, _ address: SiteAddress) -> [Float] {
    tape.layers[address.layer].site(address.site).array(item.rows.lowerBound + item.promptCount - 1)
  }

  /// Whether each prompt goes on as it should with each of `memories`, all of which act at `address` alone.
  ///
  /// - Parameter depth: expected tokens looked at, from the first on; positives only (negatives are taken whole).
  /// - Returns: [memory set][item]: whether the looked-at tokens all come out right. Prompts on which nothing fires
  ///   are answered by the base model's pass.
  func holds(_ memories: [MemorySet], at address: SiteAddress, depth: Int) -> [[Bool]] {
    let base = baseHolds(depth)
    var result = [[Bool]](repeating: base, count: memories.count)
    var pending: [(set: Int, item: Int)] = []
    var rows = 0
    func flush() {
      guard !pending.isEmpty else { return }
      for (pair, holds) in zip(
        pending, run(pending.map { (memories[$0.set], items[$0.item]) }, address, depth))
      {
        result[pair.set][pair.item] = holds
      }
      pending = []
      rows = 0
    }
    for set in memories.indices {
      for (i, item) in items.enumerated() {
        guard let block = memories[set][address],
          block.fires(tape.layers[address.layer].site(address.site), rows: item.rows)
        else { continue }
        if rows + item.ids.count > Self.rowLimit { flush() }
        pending.append((set, i))
        rows += item.ids.count
      }
    }
    flush()
    return result
  }

  private func run(_ pairs: [(memories: MemorySet, item: Item)], _ address: SiteAddress, _ depth: Int)
    -> [Bool]
  {
    var row = 0
    let sequences = pairs.map { pair in
      defer { row += pair.item.ids.count }
      return Batch.Sequence(
        rows: row..<(row + pair.item.ids.count), position: 0, cache: nil, appends: false,
        memories: pair.memories)
    }
    let batch = Batch(sequences, shape: transformer.shape)
    let layer = tape.layers[address.layer]
    let residual = address.site == .attn ? layer.residual : layer.middle
    let activation = layer.site(address.site)
    for (sequence, pair) in zip(sequences, pairs) {
      for i in 0..<sequence.rows.count {
        let (target, source) = (sequence.rows.lowerBound + i, pair.item.rows.lowerBound + i)
        batch.residual.row(target).update(from: residual.row(source), count: residual.width)
        batch.site(address.site).row(target).update(from: activation.row(source), count: activation.width)
      }
    }
    transformer.resume(batch, at: address)
    return judge(batch.residual, zip(sequences, pairs).map { ($0.rows, $1.item) }, depth)
  }

  private func baseHolds(_ depth: Int) -> [Bool] {
    judge(tape.final!, items.map { ($0.rows, $0) }, depth)
  }

  private func judge(_ residual: FloatMatrix, _ pairs: [(rows: Range<Int>, item: Item)], _ depth: Int)
    -> [Bool]
  {
    var looked: [(pair: Int, row: Int, expected: Int)] = []
    for (i, (rows, item)) in pairs.enumerated() {
      let count = item.isPositive ? min(depth, item.expected.count) : item.expected.count
      for j in 0..<count {
        looked.append((i, rows.lowerBound + item.promptCount - 1 + j, item.expected[j]))
      }
    }
    var holds = [Bool](repeating: true, count: pairs.count)
    let logits = transformer.logits(residual, rows: looked.map(\.row))
    for (i, look) in looked.enumerated() {
      if LanguageModel.likeliest(logits, row: i, count: 1)[0].id != look.expected { holds[look.pair] = false }
    }
    return holds
  }
}
