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
    /// The logits behind the last token are not all finite, so that none is the likeliest.
    case notFinite = "not_finite"
  }

  public var promptIDs: [Int]
  public var ids: [Int] = []
  public var finish = Finish.length
  /// Whether the logits that tokens were chosen by were all finite.
  public var isFinite = true
  /// The firings in the order of positions; the prompt's tokens count from 0, new ones follow.
  public var firings: [Firing] = []
  /// The likeliest tokens per new token, where asked for.
  public var logprobs: [[TokenProbability]] = []
  /// The seconds that the prompt and the new tokens took; side by side with others, the share that is theirs by tokens.
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
    generate(
      GenerationRequest(
        prompt, maxTokens: maxTokens, sampling: sampling, logprobs: logprobs, memories: memories, stops: stops),
      onFirings: onFirings, onToken: onToken)
  }

  /// Continues a prompt, alone; `GenerationGroup` continues many.
  ///
  /// - Parameters:
  ///   - onFirings: called with the firings on the prompt, then with those on each new token once it has been run.
  ///   - onToken: called with each new token as it comes; false ends the generation.
  public func generate(
    _ request: GenerationRequest, onFirings: ([Firing]) -> Void = { _ in }, onToken: (Int) -> Bool = { _ in true }
  ) -> Generation {
    let group = GenerationGroup(self)
    group.add(request, as: 0)
    while true {
      if let ended = group.step(onFirings: onFirings, onToken: onToken).first { return ended.generation }
    }
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
