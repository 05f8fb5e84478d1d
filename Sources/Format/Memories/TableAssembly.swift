extension Memory {
  /// The tables of a list of memories, sorted by module, with rows in the order of the memories.
  ///
  /// Cues that are equal bit for bit become one; they are numbered in the order in which rows ask for them.
  /// - Parameter location: the file that is written, for errors.
  /// - Throws: `FormatError` of kind `memoryTable` where rows or cues of one module differ in width, or a row asks for
  ///   the same cue twice.
  package static func tables(of memories: [Memory], location: String) throws(FormatError) -> [MemoryTable] {
    var assembly = TableAssembly()
    for memory in memories {
      let location = "\(location): memory \(memory.name)"
      for row in memory.rows { try assembly.add(row, location: location) }
    }
    return assembly.tables.values.sorted { $0.module < $1.module }
  }
}

/// Tables in the making, by module.
private struct TableAssembly {
  var tables: [ByteString: MemoryTable] = [:]
  private var numbering = CueNumbering()

  mutating func add(_ row: MemoryRow, location: String) throws(FormatError) {
    var gates: [Int32] = []
    for cue in row.cues {
      let number = try self.number(of: cue, location: location)
      guard !gates.contains(number) else {
        throw FormatError(.memoryTable, location, "a row at \(row.module) asks for the same cue twice")
      }
      gates.append(number)
    }
    try requireWidth([row.storedKey.count, row.storedDelta.count], at: row.module, location: location)
    tables[row.module]?.append(
      key: row.storedKey, delta: row.storedDelta, boundary: row.boundary, hardness: row.hardness, gates: gates)
  }

  /// The number of a cue, which is added to the table of its module where it is new.
  private mutating func number(of cue: MemoryCue, location: String) throws(FormatError) -> Int32 {
    let count = numbering.cues.count
    let number = numbering.number(of: cue)
    if number == count {
      try requireWidth([cue.storedKey.count], at: cue.module, location: location)
      tables[cue.module]?.append(cue, number: Int32(number))
    }
    return Int32(number)
  }

  /// Makes a table of the module where there is none, of the first of `widths`.
  private mutating func requireWidth(_ widths: [Int], at module: ByteString, location: String) throws(FormatError) {
    let width = tables[module, default: MemoryTable(module: module, width: widths[0])].width
    if let other = widths.first(where: { $0 != width }) {
      throw FormatError(
        .memoryTable, location, "its keys at \(module) are of another width than others there", expected: "\(width)",
        got: "\(other)")
    }
    if tables[module] == nil { tables[module] = MemoryTable(module: module, width: width) }
  }
}
