/// The cues of a file by their numbers, those that are equal bit for bit as one value.
struct FileCues {
  private var byNumber: [Int32: MemoryCue] = [:]

  /// Checks that the tables' rows and cues belong together.
  ///
  /// - Throws: `FormatError` of kind `memoryTable` where two cues have one number, a row asks for a number that no cue
  ///   has, or for two equal cues.
  init(_ tables: [MemoryTable], location: String) throws(FormatError) {
    var numbering = CueNumbering()
    var distinct: [Int32: Int] = [:]
    for table in tables {
      for (number, cue) in zip(table.cueNumbers, table.cues) {
        guard distinct[number] == nil else {
          throw FormatError(.memoryTable, "\(location): \(table.module)", "there is a second cue of number \(number)")
        }
        let index = numbering.number(of: cue)
        distinct[number] = index
        byNumber[number] = numbering.cues[index]
      }
    }
    for table in tables {
      for (row, gates) in table.gates.enumerated() where !gates.isEmpty {
        let location = "\(location): \(table.module)"
        if let unknown = gates.first(where: { distinct[$0] == nil }) {
          throw FormatError(.memoryTable, location, "row \(row): asks for cue \(unknown), which the file does not have")
        }
        guard Set(gates.map { distinct[$0] }).count == gates.count else {
          throw FormatError(.memoryTable, location, "row \(row): asks for equal cues under two numbers")
        }
      }
    }
  }

  /// The cues that a row of a checked table asks for, in its order. They share their keys with other rows' cues.
  subscript(table: MemoryTable, row: Int) -> [MemoryCue] { table.gates[row].compactMap { byNumber[$0] } }
}
