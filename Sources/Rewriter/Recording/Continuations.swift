import Format
import Runtime

/// Greedy continuations of several prompts at once.
struct Continuations {
  /// New tokens per prompt; where the model ended its text the end token is the last.
  private(set) var ids: [[Int]] = []
  /// Logits [V] behind each prompt's last token.
  private(set) var logits: [[Float]] = []
  /// Where memories acted on each prompt and on its continuation; positions from 0 at the prompt's first token.
  private(set) var firings: [[Firing]] = []

  /// How many tokens of two continuations are compared when a prompt's answer is called unchanged.
  static let comparedCount = 5

  /// Rows of a batch at most, so that memory does not grow with the number of prompts.
  private static let rowLimit = 1024

  /// - Parameters:
  ///   - count: new tokens at most, at least 1.
  ///   - memories: nil for the base model.
  init(of prompts: [[Int]], count: Int, memories: MemorySet? = nil, model: LanguageModel) {
    precondition(count > 0)
    let memories = memories ?? .none(of: model.transformer)
    for group in groups(ofRows: prompts.map(\.count), limit: Self.rowLimit) {
      var run = GreedyRun(Array(prompts[group]), room: count, memories: memories, model: model)
      for _ in 1..<count { guard run.advance() else { break } }
      ids += run.ids
      logits += run.firstLogits
      firings += run.firings
    }
  }
}

/// Prompts that are continued in step, each by its likeliest tokens.
private struct GreedyRun {
  private let prompts: [[Int]]
  private let memories: MemorySet
  private let model: LanguageModel
  private let caches: [KVCache]
  private(set) var ids: [[Int]]
  private(set) var firings: [[Firing]]
  private(set) var firstLogits: [[Float]]
  /// Prompts that go on, each with its newest token.
  private var active: [(prompt: Int, token: Int)] = []

  private var transformer: Transformer { model.transformer }

  /// Runs the prompts and chooses the first token of each.
  ///
  /// - Parameter room: new tokens at most.
  init(_ prompts: [[Int]], room: Int, memories: MemorySet, model: LanguageModel) {
    (self.prompts, self.memories, self.model) = (prompts, memories, model)
    let transformer = model.transformer
    caches = prompts.map { transformer.makeCache(capacity: min($0.count + room, transformer.shape.positions)) }
    var row = 0
    let sequences = zip(prompts, caches).map { prompt, cache in
      defer { row += prompt.count }
      return Batch.Sequence(
        rows: row..<(row + prompt.count), position: 0, cache: cache, appends: true, memories: memories)
    }
    let batch = Batch(sequences, shape: transformer.shape)
    batch.traces = true
    transformer.embed(prompts, batch)
    let logits = transformer.logits(transformer.forwardLastRows(batch), rows: prompts.indices)
    firings = sequences.map { sequence in
      batch.firings.filter { sequence.rows.contains($0.position) }.map {
        $0.moved(by: -sequence.rows.lowerBound)
      }
    }
    ids = [[Int]](repeating: [], count: prompts.count)
    firstLogits = prompts.indices.map { logits.array($0) }
    choose(from: logits, for: Array(prompts.indices))
  }

  /// Runs the newest tokens and chooses the next; false where no prompt goes on.
  mutating func advance() -> Bool {
    guard !active.isEmpty else { return false }
    let batch = Batch(
      active.enumerated().map { i, item in
        Batch.Sequence(
          rows: i..<(i + 1), position: caches[item.prompt].count, cache: caches[item.prompt], appends: true,
          memories: memories)
      }, shape: transformer.shape)
    batch.traces = true
    transformer.embed(active.map { [$0.token] }, batch)
    transformer.forward(batch)
    for firing in batch.firings {
      let prompt = active[firing.position].prompt
      firings[prompt].append(firing.moved(by: caches[prompt].count - 1 - firing.position))
    }
    choose(from: transformer.logits(batch.residual, rows: active.indices), for: active.map(\.prompt))
    return true
  }

  private mutating func choose(from logits: FloatMatrix, for chosen: [Int]) {
    active = []
    for (row, prompt) in chosen.enumerated() {
      let token = logits.largest(row)
      ids[prompt].append(token)
      let hasRoom = prompts[prompt].count + ids[prompt].count < transformer.shape.positions
      if hasRoom, !model.endTokens.contains(token) { active.append((prompt, token)) }
    }
  }
}

extension Firing {
  fileprivate func moved(by offset: Int) -> Firing {
    var result = self
    result.position += offset
    return result
  }
}
