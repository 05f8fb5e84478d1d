import Format
import Runtime

/// Greedy continuations of several prompts at once.
struct Continuations {
  /// New tokens of each prompt; where the model ended its text the end token is the last.
  var ids: [[Int]] = []
  /// Logits (V) behind each prompt's last token.
  var logits: [[Float]] = []
  /// Where memories acted on each prompt and on what followed.
  var firings: [[Firing]] = []

  /// Rows a pass takes at most, so that memory does not grow with the number of prompts.
  private static let rowLimit = 1024

  init(of prompts: [[Int]], count: Int, memories: MemorySet, model: LanguageModel) {
    for group in groups(ofRows: prompts.map(\.count), limit: Self.rowLimit) {
      append(Array(prompts[group]), count: count, memories: memories, model: model)
    }
  }

  private mutating func append(_ prompts: [[Int]], count: Int, memories: MemorySet, model: LanguageModel) {
    let transformer = model.transformer
    let caches = prompts.map {
      transformer.makeCache(capacity: min($0.count + count, transformer.shape.positions))
    }
    var row = 0
    let sequences = zip(prompts, caches).map { prompt, cache in
      defer { row += prompt.count }
      return Batch.Sequence(
        rows: row..<(row + prompt.count), position: 0, cache: cache, appends: true, memories: memories)
    }
    let batch = Batch(sequences, shape: transformer.shape)
    batch.traces = true
    transformer.embed(prompts, batch)
    let firstLogits = transformer.logits(transformer.forwardLastRows(batch), rows: prompts.indices)
    var firings = sequences.map { sequence in
      batch.firings.compactMap { $0.moved(by: -sequence.rows.lowerBound, within: sequence.rows) }
    }
    var results = [[Int]](repeating: [], count: prompts.count)
    var active = Array(prompts.indices)
    var logits = firstLogits
    for step in 0..<count {
      var next: [(sequence: Int, token: Int)] = []
      for (i, sequence) in active.enumerated() {
        let token = logits.largest(i)
        results[sequence].append(token)
        guard !model.endTokens.contains(token) else { continue }
        if prompts[sequence].count + step + 1 < transformer.shape.positions { next.append((sequence, token)) }
      }
      guard step + 1 < count, !next.isEmpty else { break }
      let one = Batch(
        next.enumerated().map { i, item in
          Batch.Sequence(
            rows: i..<(i + 1), position: caches[item.sequence].count, cache: caches[item.sequence],
            appends: true,
            memories: memories)
        }, shape: transformer.shape)
      one.traces = true
      transformer.embed(next.map { [$0.token] }, one)
      transformer.forward(one)
      for firing in one.firings {
        let sequence = next[firing.position].sequence
        firings[sequence].append(firing.moved(by: caches[sequence].count - 1 - firing.position))
      }
      logits = transformer.logits(one.residual, rows: Array(next.indices))
      active = next.map(\.sequence)
    }
    ids += results
    self.logits += prompts.indices.map { firstLogits.array($0) }
    self.firings += firings
  }
}

extension Firing {
  /// The firing told by another position; nil where its own is not within `range`.
  fileprivate func moved(by offset: Int, within range: Range<Int>) -> Firing? {
    range.contains(position) ? moved(by: offset) : nil
  }

  fileprivate func moved(by offset: Int) -> Firing {
    var result = self
    result.position += offset
    return result
  }
}
