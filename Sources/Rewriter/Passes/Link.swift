import Format
import Runtime

/// Pass 6: all memories of the file together.
public struct Link: Sendable {
  /// A memory that acts on the key prompt of another.
  public struct Crossing: Sendable, Equatable {
    public var memory: String
    public var prompt: String
  }

  /// The base file's memories that stay as they were.
  public let kept: [Memory]
  public internal(set) var crossings: [Crossing] = []

  /// Keeps the base file's memories but those of the names that are compiled anew.
  ///
  /// - Throws: `FormatError` of kind `spec` where a new memory asks another target of a kept memory's prompt.
  init(_ present: [Memory], adding specs: [MemorySpec]) throws(FormatError) {
    let names = Set(specs.map { ByteString($0.name) })
    kept = present.filter { !names.contains(ByteString($0.name)) }
    let byPrompt = Dictionary(
      kept.map { (Question($0.prompt, isChat: $0.isChat), $0) }, uniquingKeysWith: { first, _ in first })
    for spec in specs {
      guard let other = byPrompt[Question(spec.prompt, isChat: spec.isChat)],
        ByteString(other.target) != ByteString(spec.target)
      else { continue }
      throw FormatError(
        .spec, "memory \(spec.name)",
        "the file's memory \(other.name) gives the same prompt another target",
        expected: "\"\(other.target)\", or --remove \(other.name) first", got: "\"\(spec.target)\"")
    }
  }

  private struct Question: Hashable {
    let prompt: ByteString
    let isChat: Bool

    init(_ prompt: String, isChat: Bool) { (self.prompt, self.isChat) = (ByteString(prompt), isChat) }
  }

  /// Notes which memories act on the key prompts of others: on those of the kept memories, which are run for it, and on
  /// the new ones'.
  ///
  /// - Parameter firings: where memories acted on the new ones' key prompts and their continuations.
  mutating func findCrossings(
    _ firings: [[Firing]], of probes: [Probe], set: MemorySet, model: LanguageModel
  ) throws(FormatError) {
    let asked = kept.filter { !$0.prompt.isEmpty }
    var prompts: [[Int]] = []
    for memory in asked { prompts.append(try model.encode(promptOf: memory)) }
    let run = Continuations(of: prompts, count: 1, memories: set, model: model)
    for (memory, own) in zip(asked, run.firings) { note(own, onPromptOf: memory.name) }
    for (firings, probe) in zip(firings, probes) {
      note(firings.filter { $0.position < probe.keyIDs.count }, onPromptOf: probe.spec.name)
    }
  }

  private mutating func note(_ firings: [Firing], onPromptOf name: String) {
    let others = Set(firings.map { ByteString($0.memory) }).subtracting([ByteString(name)])
    for other in others.sorted() { crossings.append(Crossing(memory: other.description, prompt: name)) }
  }
}
