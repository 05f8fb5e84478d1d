/// Reads and checks the table of one module from its tensors.
struct MemoryTableReader {
  private let module: ByteString
  private let tensors: [ByteString: Tensor]
  /// The file, and the module in it.
  private let file: String
  /// The dtypes that keys and deltas may have.
  private let vectorDtypes: [Dtype]
  private var location: String { "\(file): \(module)" }

  /// - Parameter version: of the format; keys and deltas may be BF16 from version 2 on.
  init(module: ByteString, tensors: [ByteString: Tensor], version: ByteString? = "2", location: String) {
    vectorDtypes = version == "2" ? [.f32, .bf16] : [.f32]
    self.module = module
    self.tensors = tensors
    file = location
  }

  /// - Throws: `FormatError` of kind `memoryTable` where a tensor is missing, a dtype is wrong, counts or widths differ,
  ///   a value is not finite, a key is zero, a boundary or hardness is not positive, a number is negative, a mode is
  ///   unknown, or a row asks for a cue twice.
  func table() throws(FormatError) -> MemoryTable {
    let hasCues = has([.cueKeys, .cueBounds, .cues])
    guard has([.keys, .deltas, .bounds, .gates]) || !hasCues else {
      let shape = try matrix(.cueKeys, in: vectorDtypes).shape
      var table = MemoryTable(module: module, width: shape[1])
      try readCues(into: &table)
      return table
    }
    let keys = try matrix(.keys, in: vectorDtypes)
    var table = MemoryTable(module: module, width: keys.shape[1])
    try readRows(keys, into: &table)
    table.gates = try gates(count: table.count)
    if hasCues { try readCues(into: &table) }
    return table
  }

  private func has(_ parts: [MemoryTable.Part]) -> Bool { parts.contains { tensors[$0.name(at: module)] != nil } }

  private func readRows(_ keys: Tensor, into table: inout MemoryTable) throws(FormatError) {
    let (deltas, bounds) = (try matrix(.deltas, in: vectorDtypes), try matrix(.bounds))
    guard keys.shape == deltas.shape else {
      throw FormatError(
        .memoryTable, location, "keys and deltas differ in shape", expected: "\(keys.shape)", got: "\(deltas.shape)")
    }
    let (count, width) = (keys.shape[0], table.width)
    try require(bounds, [count, 2], "bounds")
    var region = RegionCheck(width: width)
    for row in 0..<count {
      let elements = (row * width)..<((row + 1) * width)
      let (key, delta) = (TableVector(keys, elements), TableVector(deltas, elements))
      let pair = bounds.floats(in: (2 * row)..<(2 * row + 2))
      if let problem = region.problem(key: key, delta: delta, pair) {
        throw FormatError(.memoryTable, location, "row \(row): \(problem)")
      }
      table.keys.append(key)
      table.deltas.append(delta)
      table.bounds += pair
    }
  }

  /// The numbers of the cues that each row asks for, without the −1 of those that ask for fewer than others.
  private func gates(count: Int) throws(FormatError) -> [[Int32]] {
    guard has([.gates]) else { return [[Int32]](repeating: [], count: count) }
    let tensor = try matrix(.gates, in: [.i32])
    let most = tensor.shape[1]
    try require(tensor, [count, most], "gates")
    var gates: [[Int32]] = []
    for row in 0..<count {
      var numbers: [Int32] = []
      var seen: Set<Int32> = []
      for column in 0..<most {
        let number = tensor.int32(at: row * most + column)
        guard number != -1 else { continue }
        guard number >= 0 else {
          throw FormatError(
            .memoryTable, location, "row \(row): asks for a cue of a negative number", expected: "-1 for none",
            got: "\(number)")
        }
        // Here rather than later: a sparse file may claim more gates than memory has room for.
        guard seen.insert(number).inserted else {
          throw FormatError(.memoryTable, location, "row \(row): asks for cue \(number) twice")
        }
        numbers.append(number)
      }
      gates.append(numbers)
    }
    return gates
  }

  private func readCues(into table: inout MemoryTable) throws(FormatError) {
    let (keys, bounds, cues) = (
      try matrix(.cueKeys, in: vectorDtypes), try matrix(.cueBounds), try matrix(.cues, in: [.i32])
    )
    let (count, width) = (keys.shape[0], table.width)
    try require(keys, [count, width], "cue keys")
    try require(bounds, [count, 2], "cue bounds")
    try require(cues, [count, 2], "cues")
    var region = RegionCheck(width: width)
    for cue in 0..<count {
      let key = TableVector(keys, (cue * width)..<((cue + 1) * width))
      let pair = bounds.floats(in: (2 * cue)..<(2 * cue + 2))
      let (number, modeNumber) = (cues.int32(at: 2 * cue), cues.int32(at: 2 * cue + 1))
      guard number >= 0 else {
        throw FormatError(.memoryTable, location, "row \(cue) of the cues: its number is negative", got: "\(number)")
      }
      if let problem = region.problem(key: key, delta: nil, pair) {
        throw FormatError(.memoryTable, location, "cue \(number): \(problem)")
      }
      guard let mode = MemoryCue.Mode(rawValue: modeNumber) else {
        throw FormatError(
          .memoryTable, location, "cue \(number): unknown mode", expected: "0 (here) or 1 (seen)",
          got: "\(modeNumber)")
      }
      table.append(
        MemoryCue(mode: mode, module: module, boundary: pair[0], hardness: pair[1], storedKey: key), number: number)
    }
  }

  /// A tensor of two dimensions.
  private func matrix(_ part: MemoryTable.Part, in dtypes: [Dtype] = [.f32]) throws(FormatError) -> Tensor {
    let name = part.name(at: module)
    let location = "\(file): tensor \(name)"
    guard let tensor = tensors[name] else {
      throw FormatError(.memoryTable, location, "missing from the memory table")
    }
    guard dtypes.contains(tensor.dtype), tensor.shape.count == 2 else {
      throw FormatError(
        .memoryTable, location, "wrong type",
        expected: "\(dtypes.map(\.rawValue).joined(separator: " or ")) of two dimensions",
        got: "\(tensor.dtype.rawValue) \(tensor.shape)")
    }
    return tensor
  }

  private func require(_ tensor: Tensor, _ shape: [Int], _ what: String) throws(FormatError) {
    guard tensor.shape == shape else {
      throw FormatError(
        .memoryTable, location, "\(what) have the wrong shape", expected: "\(shape)", got: "\(tensor.shape)")
    }
  }
}
