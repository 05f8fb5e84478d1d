import Format
import Runtime

/// Pass 6: all memories of the file together.
public struct Link: Sendable {
  /// A memory that acts on the key prompt of another.
  public struct Crossing: Sendable, Equatable {
    public var memory: String
    public var prompt: String
  }

  /// A key prompt that is answered with the target of another memory: the two give one question two answers.
  public struct Contradiction: Sendable, Equatable {
    /// The memory whose key prompt it is.
    public var memory: String
    public var prompt: String
    /// The memory whose target the model says there.
    public var other: String
    public var target: String
  }

  /// The base file's memories that stay as they were.
  public let kept: [Memory]
  public private(set) var crossings: [Crossing] = []
  /// Those in which a new memory takes part.
  public private(set) var contradictions: [Contradiction] = []

  /// Keeps the base file's memories but those of the names that are compiled anew.
  ///
  /// - Throws: `FormatError` of kind `spec` where a new memory asks another target of a kept memory's prompt.
  init(_ present: [Memory], adding specs: [MemorySpec]) throws(FormatError) {
    let names = Set(specs.map { ByteString($0.name) })
    kept = present.filter { !names.contains(ByteString($0.name)) }
    for spec in specs {
      if let other = kept.first(where: {
        ByteString($0.prompt) == ByteString(spec.prompt) && ByteString($0.target) != ByteString(spec.target)
      }) {
        throw FormatError(
          .spec, "memory \(spec.name)",
          "the file's memory \(other.name) gives the same prompt another target",
          expected: "\"\(other.target)\", or --remove \(other.name) first", got: "\"\(spec.target)\"")
      }
    }
  }

  /// Runs every key prompt on all memories, and notes which of the others act there and whose target is said.
  mutating func findCrossings(_ memories: [Memory], set: MemorySet, model: LanguageModel) throws(FormatError) {
    let old = Set(kept.map { ByteString($0.name) })
    for memory in memories where !memory.prompt.isEmpty {
      let ids = try model.encode(memory.prompt)
      let firings = model.generate(ids, maxTokens: 1, memories: set).firings
      let others = Set(firings.map { ByteString($0.memory) }).subtracting([ByteString(memory.name)])
      for other in others.sorted() {
        crossings.append(Crossing(memory: other.description, prompt: memory.name))
      }
      let rivals = memories.filter { other in
        let name = ByteString(other.name)
        return others.contains(name) && !(old.contains(name) && old.contains(ByteString(memory.name)))
      }
      if let other = Self.answering(memory, ids, among: rivals, set: set, model: model) {
        contradictions.append(
          Contradiction(memory: memory.name, prompt: memory.prompt, other: other.name, target: other.target))
      }
    }
  }

  /// The memory whose target the model says behind another's key prompt; nil where it says that one's own, or none.
  private static func answering(
    _ memory: Memory, _ prompt: [Int], among rivals: [Memory], set: MemorySet, model: LanguageModel
  ) -> Memory? {
    guard let longest = ([memory] + rivals).map(\.targetIDs.count).max(), !rivals.isEmpty else { return nil }
    let said = model.generate(prompt, maxTokens: longest, memories: set).ids
    guard !said.starts(with: memory.targetIDs) else { return nil }
    return rivals.first { !$0.targetIDs.isEmpty && said.starts(with: $0.targetIDs) }
  }
}
