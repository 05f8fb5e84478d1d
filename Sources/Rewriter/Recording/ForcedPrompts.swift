import Format
import Runtime

/// Prompts with what should follow them, run once through the base model, so that memories at any site can be tried on
/// all of them from the first token that they act on.
///
/// A greedy continuation equals what should follow exactly if at each of its positions, given the ones before, the
/// likeliest token is the right one; so one run over the whole text decides, without generating.
final class ForcedPrompts {
  struct Item {
    var promptCount: Int
    /// The tokens that should follow.
    var expected: [Int]
    var isPositive: Bool
    /// Whether the base model goes on with each of `expected`.
    var isRightInBase: [Bool] = []

    /// How many of the expected tokens count: of a negative all.
    func countedTokens(_ depth: Int) -> Int { isPositive ? min(depth, expected.count) : expected.count }
  }

  private(set) var items: [Item]
  private let run: BaseRun
  private var transformer: Transformer { run.transformer }

  private static let rowLimit = 1024

  init(_ prompts: [(prompt: [Int], expected: [Int], isPositive: Bool)], transformer: Transformer) {
    items = prompts.map { Item(promptCount: $0.prompt.count, expected: $0.expected, isPositive: $0.isPositive) }
    run = BaseRun(
      prompts.map { $0.prompt + $0.expected.dropLast() }, isResumable: true, recordedBy: Tape(forBackward: false),
      transformer: transformer)
    let rows = items.indices.flatMap { i in
      items[i].expected.indices.map { run.row(i, token: items[i].promptCount - 1 + $0) }
    }
    var right = areRight(run.residual, rows: rows, expected: items.flatMap(\.expected))[...]
    for i in items.indices {
      items[i].isRightInBase = Array(right.prefix(items[i].expected.count))
      right = right.dropFirst(items[i].expected.count)
    }
  }

  /// The prompt of an item and all but the last of the tokens that should follow.
  func ids(_ item: Int) -> [Int] { run.sequences[item].ids }

  /// The base model's activations [n, D] of some items' tokens at a site, without tokens that stand behind a text of
  /// `excluded`.
  func activations(of items: [Int], _ address: SiteAddress, excluding excluded: Set<[Int]>) -> FloatMatrix {
    let rows = items.flatMap { item in
      ids(item).indices.filter { !excluded.contains(Array(ids(item)[...$0])) }.map {
        run.activation(address, item, token: $0)
      }
    }
    return FloatMatrix(copying: rows, width: transformer.shape.width(of: address.site))
  }

  /// The similarity of every token of an item's prompt to the key of a region.
  func similarities(_ item: Int, _ address: SiteAddress, to key: [Float], _ region: MemoryRegion) -> [Float] {
    let first = run.row(item, token: 0)
    return region.similarities(
      of: run.activations(address), rows: first..<(first + items[item].promptCount), to: key)
  }

  /// Whether each prompt goes on as it should with each of `memories`, all of which act at `address` alone.
  ///
  /// - Parameter depth: the expected tokens that count, from the first on, on positives; on negatives all do.
  /// - Returns: [memory set][item]: whether the counted tokens all come out right. Tokens before the first that a
  ///   memory acts on are answered by the base model's run.
  func holds(_ memories: [MemorySet], at address: SiteAddress, depth: Int) -> [[Bool]] {
    let activations = run.activations(address)
    let base = items.map { $0.isRightInBase.prefix($0.countedTokens(depth)).allSatisfy(\.self) }
    var result = [[Bool]](repeating: base, count: memories.count)
    var pending: [Trial] = []
    var rows = 0
    func flush() {
      for (trial, holds) in zip(pending, holds(pending, address, depth)) { result[trial.set][trial.item] = holds }
      pending = []
      rows = 0
    }
    for (set, memory) in memories.enumerated() {
      for (i, sequence) in run.sequences.enumerated() {
        let presence = presence(of: memory, before: address, in: sequence)
        guard let row = memory[address]?.firstFiring(activations, rows: sequence.rows, presence: presence) else {
          continue
        }
        let trial = Trial(
          set: set, item: i, rows: row..<sequence.rows.upperBound, memories: memory, presence: presence)
        if rows + trial.rows.count > Self.rowLimit { flush() }
        pending.append(trial)
        rows += trial.rows.count
      }
    }
    flush()
    return result
  }

  private struct Trial {
    var set: Int
    var item: Int
    /// The item's rows from the first that a memory acts on.
    var rows: Range<Int>
    var memories: MemorySet
    var presence: CuePresence?
  }

  /// Where the cues of memories are present in a sequence that no memory changes before `address`; nil where there are
  /// none.
  private func presence(
    of memories: MemorySet, before address: SiteAddress, in sequence: BaseRun.Sequence
  ) -> CuePresence? {
    guard !memories.cueAddresses.isEmpty else { return nil }
    let presence = CuePresence(of: memories)
    for cue in memories.cueAddresses where cue < address {
      presence.watch(cue, run.activations(cue), rows: sequence.rows, position: 0)
    }
    return presence
  }

  private func holds(_ trials: [Trial], _ address: SiteAddress, _ depth: Int) -> [Bool] {
    let batch = transformer.resume(
      trials.map { trial in
        let sequence = run.sequences[trial.item]
        return Resumption(
          address: address, pieces: [(run, trial.rows)], position: trial.rows.lowerBound - sequence.rows.lowerBound,
          cache: sequence.cache, memories: trial.memories, presence: trial.presence)
      })
    var holds: [Bool] = []
    var checks: [(trial: Int, row: Int, expected: Int)] = []
    for (i, (trial, sequence)) in zip(trials, batch.sequences).enumerated() {
      let item = items[trial.item]
      // Positions before the first patched token are the base model's.
      let untouched = min(max(0, sequence.position - (item.promptCount - 1)), item.countedTokens(depth))
      holds.append(item.isRightInBase.prefix(untouched).allSatisfy(\.self))
      guard holds[i] else { continue }
      for j in untouched..<item.countedTokens(depth) {
        checks.append((i, sequence.rows.lowerBound + item.promptCount - 1 + j - sequence.position, item.expected[j]))
      }
    }
    let right = areRight(batch.residual, rows: checks.map(\.row), expected: checks.map(\.expected))
    for (check, isRight) in zip(checks, right) where !isRight { holds[check.trial] = false }
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
