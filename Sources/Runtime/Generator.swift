import Foundation
import Kernels

/// A token and its log-probability.
public struct TokenProbability: Sendable, Equatable {
  public var id: Int
  public var logprob: Float
}

/// A continuation, with firings, probabilities and timings.
public struct Generation: Sendable {
  public enum Finish: String, Sendable {
    /// The limit on new tokens, or the model's last position, was reached.
    case length
    /// The model ended its text; the end token is not among `ids`.
    case stop
  }

  public var promptIDs: [Int]
  public var ids: [Int] = []
  public var finish = Finish.length
  /// The firings in the order of positions; the prompt's tokens count from 0, new ones follow.
  public var firings: [Firing] = []
  /// The likeliest tokens per new token, where asked for.
  public var logprobs: [[TokenProbability]] = []
  public var prefillSeconds = 0.0
  public var decodeSeconds = 0.0
}

extension LanguageModel {
  /// Continues `prompt`.
  ///
  /// - Parameters:
  ///   - prompt: token ids, at least one, all of the vocabulary.
  ///   - logprobs: the number of likeliest tokens to report per new token.
  ///   - memories: nil for the model's own.
  ///   - stops: tokens that end the text, besides the model's end tokens.
  ///   - onFirings: called with the firings on the prompt, then with those on each new token once it has been run.
  ///   - onToken: called with each new token as it comes; false ends the generation.
  public func generate(
    _ prompt: [Int], maxTokens: Int, sampling: Sampling = Sampling(), logprobs: Int = 0,
    memories: MemorySet? = nil, stops: Set<Int> = [], onFirings: ([Firing]) -> Void = { _ in },
    onToken: (Int) -> Bool = { _ in true }
  ) -> Generation {
    var result = Generation(promptIDs: prompt)
    var sampler = Sampler(sampling)
    let memories = memories ?? self.memories
    let cache = transformer.makeCache(capacity: min(prompt.count + maxTokens, transformer.shape.positions))
    var start = Date()
    let buffers = LogitBuffers(rows: 1, transformer.shape)
    prefill(prompt, cache: cache, memories: memories, firings: &result.firings, into: buffers)
    onFirings(result.firings)
    result.prefillSeconds = Date().timeIntervalSince(start)
    start = Date()
    let sequence = Batch.Sequence(
      rows: 0..<1, position: prompt.count, cache: cache, appends: true, memories: memories)
    let step = Batch([sequence], shape: transformer.shape)
    step.traces = !memories.isEmpty
    while result.ids.count < maxTokens {
      let token = sampler.choose(buffers.logits.values, count: buffers.logits.width)
      if endTokens.contains(token) || stops.contains(token) {
        result.finish = .stop
        break
      }
      result.ids.append(token)
      if logprobs > 0 { result.logprobs.append(Self.likeliest(buffers.logits, count: logprobs)) }
      guard onToken(token), result.ids.count < maxTokens, cache.count < transformer.shape.positions else {
        break
      }
      transformer.decode(token, step, into: buffers)
      let known = result.firings.count
      collectFirings(step, into: &result.firings)
      onFirings(Array(result.firings[known...]))
      step.advance()
    }
    result.decodeSeconds = Date().timeIntervalSince(start)
    return result
  }

  /// Runs a prompt, and leaves its last token's logits in `buffers`. Pieces keep memory from growing with its square.
  private func prefill(
    _ prompt: [Int], cache: KVCache, memories: MemorySet, firings: inout [Firing], into buffers: LogitBuffers
  ) {
    let piece = 512
    for first in stride(from: 0, to: prompt.count, by: piece) {
      let tokens = Array(prompt[first..<min(first + piece, prompt.count)])
      let sequence = Batch.Sequence(
        rows: 0..<tokens.count, position: first, cache: cache, appends: true, memories: memories)
      let batch = Batch([sequence], shape: transformer.shape)
      batch.traces = !memories.isEmpty
      transformer.embed([tokens], batch)
      let last = transformer.forwardLastRows(batch)
      collectFirings(batch, into: &firings)
      if first + tokens.count == prompt.count { transformer.logits(last, rows: 0..<1, into: buffers) }
    }
  }

  private func collectFirings(_ batch: Batch, into firings: inout [Firing]) {
    guard !batch.firings.isEmpty else { return }
    let located = batch.firings.map { firing in
      var firing = firing
      firing.position = batch.position(ofRow: firing.position)
      return firing
    }
    firings += located.sorted { ($0.position, $0.address) < ($1.position, $1.address) }
    batch.firings.removeAll(keepingCapacity: true)
  }

  /// The `count` likeliest tokens of a row of logits, the likeliest first.
  package static func likeliest(_ logits: FloatMatrix, row: Int = 0, count: Int) -> [TokenProbability] {
    let values = logits.row(row)
    let normalizer = kernel_log_sum_exp(values, logits.width)
    var best: [Int] = []
    for id in 0..<logits.width where best.count < count || values[id] > values[best[best.count - 1]] {
      let location = best.firstIndex { values[$0] < values[id] } ?? best.count
      best.insert(id, at: location)
      if best.count > count { best.removeLast() }
    }
    return best.map { TokenProbability(id: $0, logprob: values[$0] - normalizer) }
  }
}
