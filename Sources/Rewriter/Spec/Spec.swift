import Format

/// What a spec file asks for: the memories, in the order of the file.
public struct Spec: Sendable {
  /// Never empty; names are unique.
  public var memories: [MemorySpec]

  /// Reads and validates the file at `path`.
  ///
  /// - Throws: `FormatError` of kind `spec` for a rule of the spec, with a place such as
  ///   `nepal.json: memories[0].layer`; of kind `json`, `missing` or `unreadable` for what comes before.
  public init(path: String) throws(FormatError) {
    try self.init(document: JSONDocument(path: path))
  }

  /// Validates a spec given as JSON text; `place` is what errors call it.
  public init(json: [UInt8], place: String) throws(FormatError) {
    try self.init(document: JSONDocument(json, place: place))
  }

  private init(document: JSONDocument) throws(FormatError) {
    let root = document.root
    guard root.isObject else { throw root.mismatch("not a spec", expected: #"{"memories": […]}"#) }
    try root.rejectUnknownKeys(known: ["memories", "defaults"])

    let defaults = root["defaults"]
    if let defaults { try SpecSettings.validateDefaults(defaults) }

    guard let list = root["memories"] else {
      throw FormatError(.spec, root.place, "no memories", expected: #"the key "memories""#)
    }
    guard list.isArray, list.count > 0 else {
      throw list.mismatch("no memories", expected: "an array of at least one memory")
    }
    memories = []
    memories.reserveCapacity(list.count)
    for entry in list.elements { memories.append(try MemorySpec(entry, defaults: defaults)) }
    try rejectDuplicateNames(list)
    try rejectConflictingTargets(list)
  }

  /// By bytes: names that only look alike are kept apart, as everything that names them does.
  private func rejectDuplicateNames(_ list: JSONValue) throws(FormatError) {
    var seen: [ByteString: Int] = [:]
    for (i, memory) in memories.enumerated() {
      guard let first = seen.updateValue(i, forKey: ByteString(memory.name)) else { continue }
      throw FormatError(
        .spec, "\(list.place)[\(i)].name", "the name is taken by memories[\(first)]",
        expected: "a name of its own", got: quoted(memory.name))
    }
  }

  private func rejectConflictingTargets(_ list: JSONValue) throws(FormatError) {
    var seen: [ByteString: Int] = [:]
    for (i, memory) in memories.enumerated() {
      guard let first = seen[ByteString(memory.prompt)] else {
        seen[ByteString(memory.prompt)] = i
        continue
      }
      let other = memories[first]
      guard ByteString(other.target) != ByteString(memory.target) else { continue }
      throw FormatError(
        .spec, "\(list.place)[\(i)].target",
        "the memories \(quoted(other.name)) and \(quoted(memory.name)) have the same prompt and different targets",
        expected: quoted(other.target), got: quoted(memory.target))
    }
  }
}
