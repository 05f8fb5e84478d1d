import Format
import Runtime

/// Continuations of several prompts at once.
struct Continuations {
  /// A prompt to be continued.
  struct Request {
    var ids: [Int]
    /// New tokens at most, at least 1.
    var count: Int
    /// Whether each token is drawn at temperature 1, also behind an end token; else it is the likeliest.
    var isDrawn = false
  }

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

  init() {}

  /// Greedy continuations of equal length.
  init(of prompts: [[Int]], count: Int, memories: MemorySet? = nil, model: LanguageModel) {
    self.init(prompts.map { Request(ids: $0, count: count) }, memories: memories, model: model)
  }

  /// - Parameters:
  ///   - memories: nil for the base model.
  ///   - seed: for what is drawn.
  ///   - progress: called with the number of prompts that are done.
  init(
    _ requests: [Request], memories: MemorySet? = nil, seed: UInt64 = 0, model: LanguageModel,
    progress: (Int) -> Void = { _ in }
  ) {
    precondition(requests.allSatisfy { $0.count > 0 })
    let memories = memories ?? .none(of: model.transformer)
    var generator = SeededGenerator(seed: seed)
    for group in groups(ofRows: requests.map(\.ids.count), limit: Self.rowLimit) {
      progress(group.lowerBound)
      var run = ContinuationRun(Array(requests[group]), memories: memories, generator: generator, model: model)
      while run.advance() {}
      generator = run.generator
      ids += run.ids
      logits += run.firstLogits
      firings += run.firings
    }
  }

  /// The continuations of some of the prompts.
  subscript(range: Range<Int>) -> Continuations {
    var part = Continuations()
    (part.ids, part.logits, part.firings) = (Array(ids[range]), Array(logits[range]), Array(firings[range]))
    return part
  }
}

/// Prompts that are continued in step.
private struct ContinuationRun {
  private let requests: [Continuations.Request]
  private let memories: MemorySet
  private let model: LanguageModel
  private let caches: [KVCache]
  private(set) var generator: SeededGenerator
  private(set) var ids: [[Int]]
  private(set) var firings: [[Firing]]
  private(set) var firstLogits: [[Float]]
  /// Prompts that go on, each with its newest token.
  private var active: [(prompt: Int, token: Int)] = []

  private var transformer: Transformer { model.transformer }

  /// Runs the prompts and chooses the first token of each.
  init(
    _ requests: [Continuations.Request], memories: MemorySet, generator: SeededGenerator, model: LanguageModel
  ) {
    (self.requests, self.memories, self.generator, self.model) = (requests, memories, generator, model)
    let transformer = model.transformer
    caches = requests.map {
      transformer.makeCache(capacity: min($0.ids.count + $0.count, transformer.shape.positions))
    }
    var row = 0
    let sequences = zip(requests, caches).map { request, cache in
      defer { row += request.ids.count }
      return Batch.Sequence(
        rows: row..<(row + request.ids.count), position: 0, cache: cache, appends: true, memories: memories)
    }
    let batch = Batch(sequences, shape: transformer.shape)
    batch.traces = true
    transformer.embed(requests.map(\.ids), batch)
    let logits = transformer.logits(transformer.forwardLastRows(batch), rows: requests.indices)
    firings = sequences.map { sequence in
      batch.firings.filter { sequence.rows.contains($0.position) }.map {
        $0.moved(by: -sequence.rows.lowerBound)
      }
    }
    ids = [[Int]](repeating: [], count: requests.count)
    firstLogits = requests.indices.map { logits.array($0) }
    choose(from: logits, for: Array(requests.indices))
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
      let request = requests[prompt]
      let token =
        request.isDrawn ? Sampler.draw(logits, row: row, using: &generator) : logits.largest(row)
      ids[prompt].append(token)
      let length = request.ids.count + ids[prompt].count
      let goesOn = ids[prompt].count < request.count && length < transformer.shape.positions
      if goesOn, request.isDrawn || !model.endTokens.contains(token) { active.append((prompt, token)) }
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
