import Format
import Runtime

/// Prompts that two models continue differently.
public struct BehaviorDiff: Sendable {
  /// A greedy continuation.
  public struct Answer: Sendable, Equatable {
    /// New tokens, without the one that ended the text.
    public var ids: [Int]
    public var text: String
    /// Whether the model ended its text.
    public var isEnded: Bool
    /// Whether any memory acted on the prompt or the answer.
    public var fired: Bool
  }

  public struct Difference: Sendable, Equatable {
    public var prompt: String
    public var old: Answer
    public var new: Answer
  }

  /// A prompt that one of the models cannot take, or both.
  public struct Refusal: Sendable, Equatable {
    public var prompt: String
    public var error: FormatError
  }

  /// The number of prompts that were run.
  public let promptCount: Int
  public let hasSameBase: Bool
  /// The prompts that were not run, in their order.
  public private(set) var refused: [Refusal] = []
  /// In the order of the prompts.
  public private(set) var different: [Difference] = []

  /// Tokens, of prompts and answers, that are run at once: what keys and values are kept of.
  private static let tokenLimit = 2048

  /// Runs all prompts through both. Answers differ where their tokens do; those of different tokenizers where their
  /// texts do. Where everything but the memories is the same, one model runs for both.
  ///
  /// - Parameters:
  ///   - maxTokens: the length of an answer, at least 1.
  ///   - progress: called with the number of prompts that are done.
  /// - Throws: `FormatError` where a model cannot be loaded, or its numbers are not finite.
  public init(
    _ old: Checkpoint, _ new: Checkpoint, prompts: [PromptFile.Prompt], maxTokens: Int, pool: WorkerPool,
    progress: (Int) -> Void = { _ in }
  ) throws(FormatError) {
    hasSameBase = old.baseChanges(to: new).isEmpty
    let (before, after) = try Self.sides(old, new, hasSameBase: hasSameBase, pool: pool)
    let hasSameTokens = old.agrees(with: new, on: .tokenizer)
    var asked: [(text: String, old: [Int], new: [Int])] = []
    var refused: [Refusal] = []
    for prompt in prompts {
      do throws(FormatError) {
        asked.append((prompt.text, try before.model.encode(prompt), try after.model.encode(prompt)))
      } catch {
        refused.append(Refusal(prompt: prompt.text, error: error))
      }
    }
    self.refused = refused
    promptCount = asked.count
    for group in groups(ofRows: asked.map { max($0.old.count, $0.new.count) + maxTokens }, limit: Self.tokenLimit) {
      progress(group.lowerBound)
      let answers = (
        try before.answers(asked[group].map(\.old), maxTokens), try after.answers(asked[group].map(\.new), maxTokens)
      )
      for (i, (a, b)) in zip(answers.0, answers.1).enumerated() {
        let isSame = hasSameTokens ? a.ids == b.ids : ByteString(a.text) == ByteString(b.text)
        if !isSame || a.isEnded != b.isEnded {
          different.append(Difference(prompt: asked[group.lowerBound + i].text, old: a, new: b))
        }
      }
    }
  }

  private static func sides(
    _ old: Checkpoint, _ new: Checkpoint, hasSameBase: Bool, pool: WorkerPool
  ) throws(FormatError) -> (Side, Side) {
    let agree = CompanionFile.allCases.allSatisfy { old.agrees(with: new, on: $0) }
    guard hasSameBase, agree || old.isBare || new.isBare else {
      let (a, b) = (try LanguageModel(old, pool: pool), try LanguageModel(new, pool: pool))
      return (Side(model: a, memories: a.memories), Side(model: b, memories: b.memories))
    }
    // A stripped file has lost its configuration and tokenizer; the other's are the right ones.
    let model = try LanguageModel(old.isBare ? new : old, pool: pool)
    return (try Side(model, memoriesOf: old), try Side(model, memoriesOf: new))
  }
}

/// A model with the memories that it applies.
private struct Side {
  var model: LanguageModel
  var memories: MemorySet

  init(model: LanguageModel, memories: MemorySet) {
    self.model = model
    self.memories = memories
  }

  init(_ model: LanguageModel, memoriesOf checkpoint: Checkpoint) throws(FormatError) {
    self.init(
      model: model,
      memories: try MemorySet(checkpoint.memories, for: model.transformer, location: checkpoint.path))
  }

  func answers(_ prompts: [[Int]], _ maxTokens: Int) throws(FormatError) -> [BehaviorDiff.Answer] {
    let continuations = Continuations(of: prompts, count: maxTokens, memories: memories, model: model)
    if let i = continuations.notFinite.first { throw model.numberProblem(behind: prompts[i], memories: memories) }
    return zip(continuations.ids, continuations.firings).map { ids, firings in
      let isEnded = ids.last.map(model.endTokens.contains) ?? false
      let kept = isEnded ? ids.dropLast() : ids
      return BehaviorDiff.Answer(
        ids: kept, text: model.tokenizer.decode(kept), isEnded: isEnded, fired: !firings.isEmpty)
    }
  }
}

extension Checkpoint {
  fileprivate func agrees(with other: Checkpoint, on file: CompanionFile) -> Bool {
    companion(file) == other.companion(file)
  }

  /// Whether there is neither a configuration nor a tokenizer: it cannot run by itself.
  fileprivate var isBare: Bool { companion(.config) == nil && companion(.tokenizer) == nil }
}
