import Format

/// Reader of a spec file in any of its forms, told apart by their content.
enum SpecFile {
  /// A memory with its locations, for errors about two memories.
  struct Entry {
    var memory: MemorySpec
    /// The memory's name in errors about another one: `memories[2]`, `line 7`.
    var label: String
    /// The JSON values of name and target.
    var name: JSONValue
    var target: JSONValue
  }

  /// Reads the memories of a file in its order, each valid by itself; at least one.
  ///
  /// - Throws: `FormatError` of kind `json` or `spec`.
  static func entries(_ bytes: [UInt8], location: String) throws(FormatError) -> [Entry] {
    if location.lowercased().hasSuffix(".jsonl") { return try lines(JSONLines(bytes), location: location) }
    if Catalog.matches(bytes, location: location) { return try rows(of: Catalog(bytes, location: location), location) }
    let root: JSONValue
    do {
      root = try JSONDocument(bytes, location: location).root
    } catch {
      let lines = JSONLines(bytes)
      guard lines.looksSo else { throw error }
      return try Self.lines(lines, location: location)
    }
    return CounterFact.matches(root) ? try counterFact(root) : try memories(root)
  }

  private static func memories(_ root: JSONValue) throws(FormatError) -> [Entry] {
    guard root.isObject else { throw root.mismatch("not a spec", expected: #"{"memories": […]}"#) }
    try root.rejectUnknownKeys(known: ["memories", "defaults"])
    let defaults = root["defaults"]
    if let defaults { try SpecSettings.validateDefaults(defaults) }

    let list = try root.required("memories")
    guard list.isArray, list.count > 0 else {
      throw list.mismatch("no memories", expected: "an array of at least one memory")
    }
    var entries: [Entry] = []
    entries.reserveCapacity(list.count)
    for (i, value) in list.elements.enumerated() {
      entries += try entry(value, defaults: defaults, label: "memories[\(i)]")
    }
    return entries
  }

  private static func lines(_ lines: JSONLines, location: String) throws(FormatError) -> [Entry] {
    guard !lines.lines.isEmpty else {
      throw FormatError(.spec, location, "no memories", expected: "one JSON object per line")
    }
    var entries: [Entry] = []
    entries.reserveCapacity(lines.lines.count)
    for line in lines.lines {
      let document = try JSONDocument(Array(line.bytes), location: "\(location): line \(line.number)")
      entries += try entry(document.root, label: "line \(line.number)")
    }
    return entries
  }

  private static func rows(of catalog: consuming Catalog, _ location: String) throws(FormatError) -> [Entry] {
    var entries: [Entry] = []
    while let (fact, line) = try catalog.next() {
      let document = try JSONDocument(fact.bytes(), location: "\(location): line \(line)")
      entries += try entry(document.root, label: "line \(line)")
    }
    guard !entries.isEmpty else {
      throw FormatError(.spec, location, "no memories", expected: "a row per memory below the header")
    }
    return entries
  }

  private static func entry(
    _ value: JSONValue, defaults: JSONValue? = nil, label: String
  ) throws(FormatError) -> [Entry] {
    var entries: [Entry] = []
    for memory in try MemorySpec.all(value, defaults: defaults) {
      entries.append(
        Entry(memory: memory, label: label, name: try value.required("name"), target: try value.required("target")))
    }
    return entries
  }

  private static func counterFact(_ root: JSONValue) throws(FormatError) -> [Entry] {
    try CounterFact.records(root).enumerated().map { i, item in
      Entry(memory: item.record.memory, label: "[\(i)]", name: item.value, target: item.target)
    }
  }
}
