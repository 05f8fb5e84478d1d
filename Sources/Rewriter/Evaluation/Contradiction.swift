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
    let search = Search(memories, set: set, model: model)
    let crossings = Dictionary(grouping: link.crossings) { ByteString($0.prompt) }
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
      let acting = Set((crossings[ByteString(memory.name)] ?? []).map { ByteString($0.memory) })
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
    private let memories: [Memory]
    private let places: [ByteString: Int]
    private let set: MemorySet
    private let model: LanguageModel

    init(_ memories: [Memory], set: MemorySet, model: LanguageModel) {
      (self.memories, self.set, self.model) = (memories, set, model)
      places = Dictionary(
        memories.enumerated().map { (ByteString($1.name), $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The memories of the given names that have a target, but for one, in the order of the file.
    private func rivals(_ names: Set<ByteString>, of own: String) -> [Memory] {
      names.subtracting([ByteString(own)]).compactMap { places[$0] }.sorted().map { memories[$0] }
        .filter { !$0.targetIDs.isEmpty }
    }

    /// The memories of another answer that act on a prompt's last token too, and not only a little.
    func rivals(of probe: Probe, on prompt: PromptResult, token: Int) -> [Contradiction] {
      let acting = Set(
        prompt.firings.filter { $0.position == token && $0.strength > 0.5 }.map { ByteString($0.memory) })
      return rivals(acting, of: probe.spec.name).filter { $0.targetIDs[0] != probe.targetIDs[0] }.map {
        Contradiction(
          memory: probe.spec.name, prompt: prompt.prompt, other: $0.name, target: $0.target, isSaid: false)
      }
    }

    /// The contradiction where the model says the target of one of the memories `acting`, and not `own`.
    func answer(
      to ids: [Int], _ prompt: String, of name: String, saying own: [Int], among acting: Set<ByteString>
    ) -> [Contradiction] {
      let rivals = rivals(acting, of: name)
      guard let longest = (rivals.map(\.targetIDs.count) + [own.count]).max(), !rivals.isEmpty else { return [] }
      let said = model.generate(ids, maxTokens: longest, memories: set).ids
      guard !said.starts(with: own), let other = rivals.first(where: { said.starts(with: $0.targetIDs) }) else {
        return []
      }
      return [Contradiction(memory: name, prompt: prompt, other: other.name, target: other.target)]
    }
  }
}
