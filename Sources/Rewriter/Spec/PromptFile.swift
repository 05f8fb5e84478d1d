import Format

/// A file of prompts: a text with one per line, or a spec, all of whose prompts are taken.
public struct PromptFile: Sendable {
  public struct Prompt: Sendable {
    public var text: String
    /// The location for errors about it: `prompts.txt: line 3`.
    public var location: String

    public init(text: String, location: String) {
      self.text = text
      self.location = location
    }
  }

  /// The prompts in the file's order, each text once; at least one.
  public let prompts: [Prompt]

  /// Reads a file; it is a spec if its name ends in `.json` or `.jsonl`, or if it holds an object with `memories`.
  ///
  /// - Throws: `FormatError`; of kind `spec` or `json` where a spec is not valid.
  public init(path: String) throws(FormatError) {
    let all = try Self.isSpec(path) ? Self.prompts(of: Spec(path: path), path) : Self.lines(path)
    var seen: Set<ByteString> = []
    prompts = all.filter { seen.insert(ByteString($0.text)).inserted }
  }

  private static func isSpec(_ path: String) throws(FormatError) -> Bool {
    let name = path.lowercased()
    if name.hasSuffix(".json") || name.hasSuffix(".jsonl") { return true }
    let bytes = try MappedFile(path: path).contents
    guard bytes.first(where: { !" \t\r\n".utf8.contains($0) }) == UInt8(ascii: "{") else { return false }
    return (try? JSONDocument(bytes, location: path).root["memories"]) != nil
  }

  private static func lines(_ path: String) throws(FormatError) -> [Prompt] {
    try TextLines(path: path, expected: "a prompt").lines.map {
      Prompt(text: $0.text, location: "\(path): line \($0.number)")
    }
  }

  private static func prompts(of spec: Spec, _ path: String) -> [Prompt] {
    spec.memories.flatMap { memory in
      (memory.positivePrompts + memory.negatives + memory.heldOutPositives + memory.heldOutNegatives).map {
        Prompt(text: $0, location: "\(path): memory \(memory.name): prompt \(quoted($0))")
      }
    }
  }
}
