import Foundation

/// A prompt to be continued, and how.
public struct GenerationRequest {
  /// Token ids, at least one, all of the vocabulary, and no more than the model has positions.
  public var prompt: [Int]
  /// New tokens at most.
  public var maxTokens: Int
  public var sampling: Sampling
  /// The number of likeliest tokens to report per new token.
  public var logprobs: Int
  /// nil for the model's own.
  public var memories: MemorySet?
  /// Tokens that end the text, besides the model's end tokens.
  public var stops: Set<Int>
  /// Whether to go on where logits are not finite.
  public var isForced = false

  public init(
    _ prompt: [Int], maxTokens: Int, sampling: Sampling = Sampling(), logprobs: Int = 0, memories: MemorySet? = nil,
    stops: Set<Int> = []
  ) {
    self.prompt = prompt
    self.maxTokens = maxTokens
    self.sampling = sampling
    self.logprobs = logprobs
    self.memories = memories
    self.stops = stops
  }
}

/// Prompts that are continued side by side, which takes a fraction of the time of one after the other.
///
/// Each has the tokens, probabilities and firings that it has alone. Where one ends, another can take its place.
public final class GenerationGroup {
  fileprivate struct Run {
    let request: GenerationRequest
    let capacity: Int
    var sampler: Sampler
    var result: Generation
  }

  private let model: LanguageModel
  private let sequenceLimit: Int
  private let tokenLimit: Int
  private let sequences: SequenceGroup
  private var runs: [Int: Run] = [:]
  private var reservedTokens = 0
  private var ended: [(key: Int, generation: Generation)] = []

  /// Tokens that are run at once: the rows of a batch.
  private static let rowLimit = 512

  /// - Parameters:
  ///   - sequenceLimit: prompts at most, at least 1: each has a row of logits.
  ///   - tokenLimit: tokens at most that keys and values are kept of, those to come included; a prompt alone may have
  ///     more.
  public init(_ model: LanguageModel, sequenceLimit: Int = 64, tokenLimit: Int = 4096) {
    self.model = model
    self.sequenceLimit = sequenceLimit
    self.tokenLimit = tokenLimit
    sequences = SequenceGroup(model.transformer, rowLimit: Self.rowLimit)
  }

  public var isEmpty: Bool { runs.isEmpty }

  /// Whether a prompt can be added without going over the limits.
  public func hasRoom(for request: GenerationRequest) -> Bool {
    runs.isEmpty || runs.count < sequenceLimit && reservedTokens + capacity(of: request) <= tokenLimit
  }

  /// Adds a prompt.
  ///
  /// - Parameter key: the caller's number for it, another one for each.
  public func add(_ request: GenerationRequest, as key: Int) {
    precondition(runs[key] == nil, "two prompts of one key")
    let capacity = capacity(of: request)
    runs[key] = Run(
      request: request, capacity: capacity, sampler: Sampler(request.sampling),
      result: Generation(promptIDs: request.prompt))
    reservedTokens += capacity
    sequences.join(request.prompt, as: key, capacity: capacity, memories: request.memories ?? model.memories)
  }

  /// Runs the next tokens of all prompts.
  ///
  /// - Returns: those that ended.
  public func step() -> [(key: Int, generation: Generation)] { step(onFirings: { _ in }, onToken: { _ in true }) }

  /// As `step`, and tells what happens to a group's only prompt as `LanguageModel.generate` says.
  func step(onFirings: ([Firing]) -> Void, onToken: (Int) -> Bool) -> [(key: Int, generation: Generation)] {
    ended.removeAll(keepingCapacity: true)
    sequences.step { turn in
      let token = runs[turn.key]!.take(turn, model, onFirings, onToken)
      if token == nil, let run = runs.removeValue(forKey: turn.key) {
        reservedTokens -= run.capacity
        ended.append((turn.key, run.result))
      }
      return token
    }
    return ended
  }

  private func capacity(of request: GenerationRequest) -> Int {
    let (count, positions) = (request.prompt.count, model.transformer.shape.positions)
    return count + min(request.maxTokens, max(0, positions - count))
  }
}

extension GenerationGroup.Run {
  /// Chooses the next token; nil where the text has ended.
  fileprivate mutating func take(
    _ turn: SequenceGroup.Turn, _ model: LanguageModel, _ onFirings: ([Firing]) -> Void, _ onToken: (Int) -> Bool
  ) -> Int? {
    let firings = turn.firings.sorted { ($0.position, $0.address) < ($1.position, $1.address) }
    result.firings += firings
    onFirings(firings)
    if result.ids.isEmpty { result.prefillSeconds = turn.seconds } else { result.decodeSeconds += turn.seconds }
    let start = Date()
    defer { result.decodeSeconds += Date().timeIntervalSince(start) }
    guard request.maxTokens > 0 else { return nil }
    if !turn.logits.isFinite(turn.row) {
      result.isFinite = false
      guard request.isForced else {
        result.finish = .notFinite
        return nil
      }
    }
    let token = sampler.choose(turn.logits.row(turn.row), count: turn.logits.width)
    if model.endTokens.contains(token) || request.stops.contains(token) {
      result.finish = .stop
      return nil
    }
    result.ids.append(token)
    if request.logprobs > 0 {
      result.logprobs.append(LanguageModel.likeliest(turn.logits, row: turn.row, count: request.logprobs))
    }
    let goesOn =
      onToken(token) && result.ids.count < request.maxTokens && turn.count < model.transformer.shape.positions
    return goesOn ? token : nil
  }
}
