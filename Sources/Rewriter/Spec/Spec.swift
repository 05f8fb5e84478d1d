import Format

/// What a spec file asks for: the memories, in the order of the file.
public struct Spec: Sendable {
  /// Never empty; names are unique.
  public var memories: [MemorySpec]

  /// Reads and validates the file at `path`: a spec, JSON lines of memories (each as it stands in a spec), or a
  /// CounterFact file (see `CounterFact`). The content tells which; a name in `.jsonl` always means lines.
  ///
  /// - Throws: `FormatError` of kind `spec` for a rule of the spec, with a place such as
  ///   `nepal.json: memories[0].layer`, `facts.jsonl: line 7: layer` or
  ///   `counterfact.json: [3].requested_rewrite.target_new.str`; of kind `json`, `missing` or `unreadable` for what
  ///   comes before.
  public init(path: String) throws(FormatError) {
    try self.init(json: MappedFile(path: path).contents, location: path)
  }

  /// The same for the bytes of such a file; `location` is what errors call it, and where its name is looked for.
  public init(json: [UInt8], location: String) throws(FormatError) {
    let entries = try SpecFile.entries(json, location: location)
    try Self.rejectDuplicateNames(entries)
    try Self.rejectConflictingTargets(entries)
    memories = entries.map(\.memory)
  }

  /// By bytes: names that only look alike are kept apart, as everything that names them does.
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
    var seen: [ByteString: Int] = [:]
    for (i, entry) in entries.enumerated() {
      let memory = entry.memory
      guard let first = seen[ByteString(memory.prompt)] else {
        seen[ByteString(memory.prompt)] = i
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
