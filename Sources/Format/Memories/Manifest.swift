/// The `memory.manifest` tensor: all about the memories that their tables do not hold.
enum Manifest {
  static let tensorName: ByteString = "memory.manifest"

  /// The manifest as compact JSON.
  static func bytes(of memories: [Memory]) -> [UInt8] {
    var nextRow: [ByteString: Int] = [:]
    let list = memories.map { memory -> JSONNode in
      let options = memory.options
      let rows = memory.rows.map { row -> JSONNode in
        let index = nextRow[row.module, default: 0]
        nextRow[row.module] = index + 1
        return [
          "module": .string(row.module.description), "row": .int(index), "position": .int(row.position),
          "target_id": .int(row.targetID), "alpha": .float(row.alpha), "boundary": .float(row.boundary),
          "hardness": .float(row.hardness),
        ]
      }
      let node: JSONNode = [
        "name": .string(memory.name), "prompt": .string(memory.prompt), "target": .string(memory.target),
        "target_ids": .array(memory.targetIDs.map(JSONNode.int)), "method": .string(memory.method),
        "site": .string(memory.site), "layer": .int(memory.layer), "token": .string(memory.token),
        "alpha": .float(memory.rows.first?.alpha ?? 0), "rows": .array(rows), "entry": memory.entry,
        "scores": memory.scores,
      ]
      if case .null = options { return node }
      return node.adding([("options", options)])
    }
    let root: JSONNode = [
      "version": 1, "tool": .string("local-memory \(toolVersion)"), "memories": .array(list),
    ]
    return root.bytes()
  }

  /// The memories that a manifest and its tables describe together.
  ///
  /// - Throws: `FormatError` of kind `manifest` where a field is missing or of the wrong type, a named row does not
  ///   exist, or a row belongs to no memory or to two.
  static func memories(
    _ bytes: [UInt8], tables: [MemoryTable], cues: FileCues, location: String
  ) throws(FormatError) -> [Memory] {
    let root = try JSONDocument(bytes, location: "\(location): memory.manifest").root
    guard let version = root["version"]?.int else { throw wrong(root, "version", "an integer") }
    guard version == 1 else {
      throw FormatError(
        .manifest, root.location, "made by a later format", expected: "version 1", got: "\(version)")
    }
    guard let list = root["memories"], list.isArray else { throw wrong(root, "memories", "an array") }
    var owned: Set<RowName> = []
    let byModule = Dictionary(uniqueKeysWithValues: tables.map { ($0.module, $0) })
    var memories: [Memory] = []
    var names: Set<ByteString> = []
    for entry in list.elements {
      let memory = try Self.memory(entry, tables: byModule, cues: cues, owned: &owned)
      guard names.insert(ByteString(memory.name)).inserted else {
        throw FormatError(.manifest, entry.location, "a second memory of the name \(memory.name)")
      }
      memories.append(memory)
    }
    for table in tables {
      for row in 0..<table.count where !owned.contains(RowName(module: table.module, row: row)) {
        throw FormatError(.manifest, root.location, "no memory owns row \(row) of \(table.module)")
      }
    }
    return memories
  }

  /// The memories of tables without a manifest: one per row, named after its module and index.
  static func anonymous(_ tables: [MemoryTable], cues: FileCues) -> [Memory] {
    tables.flatMap { table in
      (0..<table.count).map { index in
        let row = MemoryRow(table, index, cues, position: -1, targetID: -1, alpha: 0)
        return Memory(
          name: "\(table.module)[\(index)]", prompt: "", target: "", targetIDs: [], method: "unknown",
          site: "unknown",
          layer: -1, token: "unknown", rows: [row], entry: .null, scores: .null)
      }
    }
  }

  private struct RowName: Hashable {
    var module: ByteString
    var row: Int
  }

  private static func wrong(_ value: JSONValue, _ key: String, _ expected: String) -> FormatError {
    FormatError(
      .manifest, value.location, "\(key) is missing or of the wrong type", expected: expected,
      got: value[key]?.kindDescription ?? "nothing")
  }

  private static func memory(
    _ entry: JSONValue, tables: [ByteString: MemoryTable], cues: FileCues, owned: inout Set<RowName>
  ) throws(FormatError) -> Memory {
    func text(_ key: String) throws(FormatError) -> String {
      guard let value = entry[key]?.string else { throw wrong(entry, key, "a string") }
      return value
    }
    guard let ids = entry["target_ids"], ids.isArray, ids.elements.allSatisfy({ $0.int != nil }) else {
      throw wrong(entry, "target_ids", "an array of integers")
    }
    guard let list = entry["rows"], list.isArray else { throw wrong(entry, "rows", "an array") }
    var rows: [MemoryRow] = []
    for item in list.elements { rows.append(try row(item, tables: tables, cues: cues, owned: &owned)) }
    var memory = Memory(
      name: try text("name"), prompt: try text("prompt"), target: try text("target"),
      targetIDs: ids.elements.compactMap(\.int), method: try text("method"), site: try text("site"),
      layer: try integer(entry, "layer"), token: try text("token"), rows: rows,
      entry: .null, scores: .null)
    memory.take(entry: entry["entry"], scores: entry["scores"], options: entry["options"])
    return memory
  }

  private static func row(
    _ item: JSONValue, tables: [ByteString: MemoryTable], cues: FileCues, owned: inout Set<RowName>
  ) throws(FormatError) -> MemoryRow {
    guard let module = item["module"]?.stringBytes.map(ByteString.init) else {
      throw wrong(item, "module", "a string")
    }
    let index = try integer(item, "row")
    guard let table = tables[module], 0..<table.count ~= index else {
      throw FormatError(.manifest, item.location, "there is no row \(index) of \(module)")
    }
    guard owned.insert(RowName(module: module, row: index)).inserted else {
      throw FormatError(.manifest, item.location, "row \(index) of \(module) belongs to two memories")
    }
    guard let alpha = item["alpha"]?.double.map(Float.init), alpha.isFinite else {
      throw wrong(item, "alpha", "a number within F32")
    }
    return MemoryRow(
      table, index, cues, position: try integer(item, "position"), targetID: try integer(item, "target_id"),
      alpha: alpha)
  }

  private static func integer(_ value: JSONValue, _ key: String) throws(FormatError) -> Int {
    guard let number = value[key]?.int else { throw wrong(value, key, "an integer") }
    return number
  }
}

extension MemoryRow {
  /// A row of a table, with the values that the manifest keeps of it.
  fileprivate init(
    _ table: MemoryTable, _ row: Int, _ cues: FileCues, position: Int, targetID: Int, alpha: Float
  ) {
    self.init(
      module: table.module, position: position, targetID: targetID, alpha: alpha,
      boundary: table.bounds[2 * row], hardness: table.bounds[2 * row + 1], key: [], delta: [], cues: cues[table, row])
    (storedKey, storedDelta) = (table.keys[row], table.deltas[row])
  }
}
