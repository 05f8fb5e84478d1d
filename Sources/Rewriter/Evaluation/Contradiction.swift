import Format
import Runtime

/// A prompt of one memory that is answered with the target of another, or on which the other acts too: the two give one
/// question two answers.
public struct Contradiction: Sendable, Equatable {
  /// The memory whose key prompt or positive it is.
  public var memory: String
  public var prompt: String
  /// The memory that acts there, and its target.
  public var other: String
  public var target: String
  /// Whether the model says that target; else the prompt's own memory is the stronger.
  public var isSaid = true
}

extension Contradiction {
  /// Those in which a new memory takes part: on key prompts and positives that do not hold, and on the key prompts of
  /// memories that the file had before.
  ///
  /// - Parameters:
  ///   - results: of the memories of `probes`.
  ///   - memories: all that `set` applies.
  static func all(
    _ results: [MemoryResult], _ probes: [Probe], link: Link, memories: [Memory], set: MemorySet, model: LanguageModel
  ) throws(FormatError) -> [Contradiction] {
    let search = Search(memories: memories, set: set, model: model)
    var found: [Contradiction] = []
    for (result, probe) in zip(results, probes) {
      for (prompt, ids) in zip(result.prompts, probe.positives) where !prompt.holds {
        let acting = Set(prompt.firings.map { ByteString($0.memory) })
        found += search.answer(
          to: ids, prompt.prompt, of: probe.spec.name, saying: probe.targetIDs, among: acting)
      }
    }
    let old = Set(link.kept.map { ByteString($0.name) })
    for memory in link.kept where !memory.prompt.isEmpty {
      let acting = Set(
        link.crossings.filter { ByteString($0.prompt) == ByteString(memory.name) }.map {
          ByteString($0.memory)
        })
      found += search.answer(
        to: try model.encode(promptOf: memory), memory.prompt, of: memory.name, saying: memory.targetIDs,
        among: acting.subtracting(old))
    }
    // Two memories are told of once.
    var told = Set(found.map(\.pair))
    for (result, probe) in zip(results, probes) {
      for (prompt, ids) in zip(result.prompts, probe.positives) where prompt.holds {
        found += search.rivals(of: probe, on: prompt, token: ids.count - 1).filter { told.insert($0.pair).inserted }
      }
    }
    return found
  }

  private var pair: Set<ByteString> { [ByteString(memory), ByteString(other)] }

  private struct Search {
    let memories: [Memory]
    let set: MemorySet
    let model: LanguageModel

    /// The memories of another answer that act on a prompt's last token too, and not only a little.
    func rivals(of probe: Probe, on prompt: PromptResult, token: Int) -> [Contradiction] {
      let acting = Set(
        prompt.firings.filter { $0.position == token && $0.strength > 0.5 }.map { ByteString($0.memory) })
      return memories.filter {
        let other = ByteString($0.name)
        return acting.contains(other) && other != ByteString(probe.spec.name) && !$0.targetIDs.isEmpty
          && $0.targetIDs[0] != probe.targetIDs[0]
      }.map {
        Contradiction(
          memory: probe.spec.name, prompt: prompt.prompt, other: $0.name, target: $0.target, isSaid: false)
      }
    }

    /// The contradiction where the model says the target of one of the memories `acting`, and not `own`.
    func answer(
      to ids: [Int], _ prompt: String, of name: String, saying own: [Int], among acting: Set<ByteString>
    ) -> [Contradiction] {
      let rivals = memories.filter {
        let other = ByteString($0.name)
        return acting.contains(other) && other != ByteString(name) && !$0.targetIDs.isEmpty
      }
      guard let longest = (rivals.map(\.targetIDs.count) + [own.count]).max(), !rivals.isEmpty else { return [] }
      let said = model.generate(ids, maxTokens: longest, memories: set).ids
      guard !said.starts(with: own), let other = rivals.first(where: { said.starts(with: $0.targetIDs) }) else {
        return []
      }
      return [Contradiction(memory: name, prompt: prompt, other: other.name, target: other.target)]
    }
  }
}
