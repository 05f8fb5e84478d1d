import Format

/// The memories that a spec file asks for, in its order.
public struct Spec: Sendable {
  /// The memories, at least one; names are unique.
  public var memories: [MemorySpec]

  /// Memories that are valid already.
  init(_ memories: [MemorySpec]) { self.memories = memories }

  /// Reads and validates the file at `path`: a spec, JSON lines of memories (written as in a spec), a table with a header
  /// (comma-, semicolon- or tab-separated), or a CounterFact file (see `CounterFact`). The content decides which; a name
  /// in `.jsonl` always means lines, one in `.csv` or `.tsv` a table.
  ///
  /// - Throws: `FormatError` of kind `spec` where a rule of the spec is broken, with a location such as
  ///   `nepal.json: memories[0].layer`, `facts.jsonl: line 7: layer` or
  ///   `counterfact.json: [3].requested_rewrite.target_new.str`; of kind `json`, `missing` or `unreadable` where the
  ///   file is no JSON.
  public init(path: String) throws(FormatError) {
    try self.init(json: MappedFile(path: path).contents, location: path)
  }

  /// Reads the bytes of a spec file as `init(path:)` does.
  ///
  /// - Parameter location: the file's name, for errors and for its ending.
  public init(json: [UInt8], location: String) throws(FormatError) {
    let entries = try SpecFile.entries(json, location: location)
    try Self.rejectConflictingTargets(entries)
    try Self.rejectDuplicateNames(entries)
    memories = entries.map(\.memory)
  }

  /// Compares by bytes, as all look-ups by name do, so that names that only look alike are different.
  private static func rejectDuplicateNames(_ entries: [SpecFile.Entry]) throws(FormatError) {
    var seen: [ByteString: Int] = [:]
    for (i, entry) in entries.enumerated() {
      guard let first = seen.updateValue(i, forKey: ByteString(entry.memory.name)) else { continue }
      throw FormatError(
        .spec, entry.name.location, "the name is taken by \(entries[first].label)",
        expected: "a name of its own", got: quoted(entry.memory.name))
    }
  }

  private static func rejectConflictingTargets(_ entries: [SpecFile.Entry]) throws(FormatError) {
    // The same words in text and in chat are two prompts.
    var seen: [[ByteString]: Int] = [:]
    for (i, entry) in entries.enumerated() {
      let memory = entry.memory
      let prompt = [ByteString(memory.prompt), memory.isChat ? "chat" : "text"]
      guard let first = seen[prompt] else {
        seen[prompt] = i
        continue
      }
      let other = entries[first].memory
      guard ByteString(other.target) != ByteString(memory.target) else { continue }
      throw FormatError(
        .spec, entry.target.location,
        "the memories \(quoted(other.name)) and \(quoted(memory.name)) have the same prompt and different targets",
        expected: quoted(other.target), got: quoted(memory.target))
    }
  }
}
