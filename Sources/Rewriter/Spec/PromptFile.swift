import Format
import Runtime

/// A file of prompts: a text with one per line, or a spec, all of whose prompts are taken.
public struct PromptFile: Sendable {
  public struct Prompt: Sendable {
    public var text: String
    /// The location for errors about it: `prompts.txt: line 3`.
    public var location: String
    /// Why no model can take the prompt, known before one is asked; its text is then as far as it can be shown.
    public private(set) var problem: FormatError?
    /// Of what a user says in a conversation, the messages of those prompts that have several; nil for a plain text.
    var conversations: [ByteString: [ChatMessage]]?

    public init(text: String, location: String) {
      self.text = text
      self.location = location
    }

    /// The prompt that a line is.
    ///
    /// - Parameter source: what the line is of: `prompts.txt`.
    package init(_ line: TextLine, of source: String) {
      self.init(text: line.repairedText, location: "\(source): line \(line.number)")
      if line.isCut {
        problem = FormatError(
          .prompt, location, "the prompt is too long", expected: "at most \(line.bytes.count) bytes")
      } else if line.text == nil {
        problem = FormatError(.prompt, location, "the prompt is not text", expected: "UTF-8")
      }
    }
  }

  /// The prompts in the file's order, each text once; at least one. Lines that are not text are among them.
  public let prompts: [Prompt]

  /// Reads a file; it is a spec if its name ends in `.json`, `.jsonl`, `.csv` or `.tsv`, or if it holds an object with `memories`.
  ///
  /// - Throws: `FormatError`; of kind `spec` or `json` where a spec is not valid.
  public init(path: String) throws(FormatError) {
    let all = try Self.isSpec(path) ? Self.prompts(of: Spec(path: path), path) : Self.lines(path)
    var seen: Set<[ByteString]> = []
    prompts = all.filter { prompt in
      let style: ByteString = prompt.conversations == nil ? "text" : "chat"
      return prompt.problem != nil || seen.insert([ByteString(prompt.text), style]).inserted
    }
  }

  private static func isSpec(_ path: String) throws(FormatError) -> Bool {
    let name = path.lowercased()
    if name.hasSuffix(".json") || name.hasSuffix(".jsonl") { return true }
    let bytes = try MappedFile(path: path).contents
    if Catalog.matches(bytes, location: path) { return true }
    guard bytes.first(where: { !" \t\r\n".utf8.contains($0) }) == UInt8(ascii: "{") else { return false }
    return (try? JSONDocument(bytes, location: path).root["memories"]) != nil
  }

  private static func lines(_ path: String) throws(FormatError) -> [Prompt] {
    try TextLines(path: path, expected: "a prompt").lines.map { Prompt($0, of: path) }
  }

  private static func prompts(of spec: Spec, _ path: String) -> [Prompt] {
    spec.memories.flatMap { memory in
      (memory.positivePrompts + memory.negatives + memory.heldOutPositives + memory.heldOutNegatives).map {
        var prompt = Prompt(text: $0, location: "\(path): memory \(memory.name): prompt \(quoted($0))")
        if memory.isChat { prompt.conversations = memory.conversations }
        return prompt
      }
    }
  }
}
