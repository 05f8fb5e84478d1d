import Format
import Kernels
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
    /// A token whose log p behind the prompt is asked for.
    var target: Int?
  }

  /// What is kept of the logits [V] behind a prompt, which are too long to be kept for thousands of prompts.
  struct Start {
    /// SHA-256 of their bits.
    var digest = ""
    /// log p of the request's target, −∞ where it is no number.
    var targetLogprob: Float?
  }

  /// New tokens per prompt; where the model ended its text the end token is the last.
  private(set) var ids: [[Int]] = []
  /// Of the logits behind each prompt's last token.
  private(set) var starts: [Start] = []
  /// Where memories acted on each prompt and on its continuation; positions from 0 at the prompt's first token.
  private(set) var firings: [[Firing]] = []

  /// The prompts behind which logits are not all finite, in their order.
  var notFinite: [Int] { wrong.sorted() }
  private var wrong: Set<Int> = []

  /// How many tokens of two continuations are compared when a prompt's answer is called unchanged.
  static let comparedCount = 5

  /// Rows of a batch at most, so that memory does not grow with the number of prompts.
  private static let rowLimit = 1024

  init() {}

  /// Greedy continuations of equal length.
  init(of prompts: [[Int]], count: Int, target: Int? = nil, memories: MemorySet? = nil, model: LanguageModel) {
    self.init(prompts.map { Request(ids: $0, count: count, target: target) }, memories: memories, model: model)
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
    let positions = model.transformer.shape.positions
    ids = [[Int]](repeating: [], count: requests.count)
    starts = [Start](repeating: Start(), count: requests.count)
    firings = [[Firing]](repeating: [], count: requests.count)
    var generator = SeededGenerator(seed: seed)
    let lengths = requests.map(\.ids.count)
    for group in groups(ofRows: lengths, limit: Self.rowLimit) {
      progress(group.lowerBound)
      // All prompts of a group in the first step: what is drawn depends on the order.
      let sequences = SequenceGroup(model.transformer, rowLimit: lengths[group].reduce(0, +))
      for (key, request) in zip(group, requests[group]) {
        let capacity = min(request.ids.count + request.count, positions)
        sequences.join(request.ids, as: key, capacity: capacity, memories: memories)
      }
      while !sequences.isEmpty {
        sequences.step { turn in
          let request = requests[turn.key]
          let token = take(turn, of: request, using: &generator)
          let goesOn =
            ids[turn.key].count < request.count && turn.count + 1 < positions
            && (request.isDrawn || !model.endTokens.contains(token))
          return goesOn ? token : nil
        }
      }
    }
  }

  /// Takes note of a prompt's turn and chooses its next token.
  private mutating func take(
    _ turn: SequenceGroup.Turn, of request: Request, using generator: inout SeededGenerator
  ) -> Int {
    if ids[turn.key].isEmpty, !request.isDrawn { starts[turn.key] = Start(turn.logits, turn.row, request.target) }
    if !turn.logits.isFinite(turn.row) { wrong.insert(turn.key) }
    firings[turn.key] += turn.firings
    let token =
      request.isDrawn ? Sampler.draw(turn.logits, row: turn.row, using: &generator) : turn.logits.largest(turn.row)
    ids[turn.key].append(token)
    return token
  }

  /// The continuations of some of the prompts.
  subscript(range: Range<Int>) -> Continuations {
    var part = Continuations()
    (part.ids, part.starts, part.firings) = (Array(ids[range]), Array(starts[range]), Array(firings[range]))
    return part
  }
}

extension Continuations.Start {
  fileprivate init(_ logits: FloatMatrix, _ row: Int, _ target: Int?) {
    let values = UnsafeBufferPointer(start: logits.row(row), count: logits.width)
    digest = SHA256.hex(UnsafeRawBufferPointer(values))
    targetLogprob = target.map { target in
      let value = values[target] - kernel_log_sum_exp(values.baseAddress!, logits.width)
      return value.isNaN ? -.infinity : value
    }
  }
}
