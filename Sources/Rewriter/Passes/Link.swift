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
  public private(set) var crossings: [Crossing] = []

  /// Keeps the base file's memories but those of the names that are compiled anew.
  ///
  /// - Throws: `FormatError` of kind `spec` where a new memory asks another target of a kept memory's prompt.
  init(_ present: [Memory], adding specs: [MemorySpec]) throws(FormatError) {
    let names = Set(specs.map { ByteString($0.name) })
    kept = present.filter { !names.contains(ByteString($0.name)) }
    for spec in specs {
      if let other = kept.first(where: {
        ByteString($0.prompt) == ByteString(spec.prompt) && $0.isChat == spec.isChat
          && ByteString($0.target) != ByteString(spec.target)
      }) {
        throw FormatError(
          .spec, "memory \(spec.name)",
          "the file's memory \(other.name) gives the same prompt another target",
          expected: "\"\(other.target)\", or --remove \(other.name) first", got: "\"\(spec.target)\"")
      }
    }
  }

  /// Runs every key prompt on all memories and notes which of the others act there.
  mutating func findCrossings(_ memories: [Memory], set: MemorySet, model: LanguageModel) throws(FormatError) {
    let asked = memories.filter { !$0.prompt.isEmpty }
    var prompts: [[Int]] = []
    for memory in asked { prompts.append(try model.encode(promptOf: memory)) }
    let run = Continuations(of: prompts, count: 1, memories: set, model: model)
    for (memory, firings) in zip(asked, run.firings) {
      let others = Set(firings.map { ByteString($0.memory) }).subtracting([ByteString(memory.name)])
      for other in others.sorted() {
        crossings.append(Crossing(memory: other.description, prompt: memory.name))
      }
    }
  }
}
