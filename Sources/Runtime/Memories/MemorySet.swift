import Format

/// The memories that a forward pass applies, and the cues that they ask for, arranged by address.
public final class MemorySet {
  /// A cue that rows of the set ask for.
  struct Cue {
    var cue: MemoryCue
    var address: SiteAddress
    var mode: MemoryCue.Mode { cue.mode }
  }

  /// By `SiteAddress.index`.
  let blocks: [MemoryBlock?]
  /// The distinct cues, in the order of the rows that ask for them first; a cue's index is its place here.
  let cues: [Cue]
  /// By `SiteAddress.index`.
  let cueBlocks: [CueBlock?]
  public let isEmpty: Bool
  private let indices: [MemoryCue: Int]

  /// No memories: the base model.
  public static func none(of transformer: Transformer) -> MemorySet { transformer.noMemories }

  init(layers: Int) {
    blocks = [MemoryBlock?](repeating: nil, count: 2 * layers)
    cueBlocks = [CueBlock?](repeating: nil, count: 2 * layers)
    cues = []
    indices = [:]
    isEmpty = true
  }

  /// - Parameter location: the file that the memories come from, for errors; nil names the model's.
  /// - Throws: `FormatError` of kind `memoryTable` where a module is no output projection of the model or a width does
  ///   not fit it.
  public convenience init(
    _ memories: [Memory], for transformer: Transformer, location: String? = nil
  ) throws(FormatError) {
    try self.init(
      memories.flatMap { memory in memory.rows.map { (memory.name, $0) } }, for: transformer,
      location: location ?? transformer.location)
  }

  /// The rows of a memory in the making, which has no name yet.
  package convenience init(rows: [MemoryRow], for transformer: Transformer) throws(FormatError) {
    try self.init(rows.map { ("", $0) }, for: transformer, location: transformer.location)
  }

  /// Rows with the names that their firings will have.
  package convenience init(
    named rows: [(memory: String, row: MemoryRow)], for transformer: Transformer
  ) throws(FormatError) {
    try self.init(rows, for: transformer, location: transformer.location)
  }

  private init(
    _ rows: [(memory: String, row: MemoryRow)], for transformer: Transformer, location: String
  ) throws(FormatError) {
    var blocks = [MemoryBlock?](repeating: nil, count: 2 * transformer.shape.layers)
    var index = CueIndex()
    for (memory, row) in rows {
      let location = "\(location): memory \(memory)"
      let address = try transformer.address(of: row, location: location)
      let gates = try index.gates(of: row, at: address, in: transformer, location: location)
      let block =
        blocks[address.index] ?? MemoryBlock(address: address, width: transformer.shape.width(of: address.site))
      block.append(row, of: memory, asking: gates)
      blocks[address.index] = block
    }
    self.blocks = blocks
    cues = index.cues
    indices = index.known
    cueBlocks = index.blocks(transformer.shape)
    isEmpty = rows.isEmpty
  }

  /// The rows of one address, nil where there are none.
  package subscript(address: SiteAddress) -> MemoryBlock? { blocks[address.index] }

  /// The addresses at which cues are watched, in the order of computing.
  package var cueAddresses: [SiteAddress] { Set(cues.map(\.address)).sorted() }

  /// The index of a cue that a row asks for.
  func index(of cue: MemoryCue) -> Int? { indices[cue] }

  /// Whether a cue is watched before `address`.
  func hasCues(before address: SiteAddress) -> Bool { cues.contains { $0.address < address } }
}

extension Transformer {
  /// The address that a row acts at.
  fileprivate func address(of row: MemoryRow, location: String) throws(FormatError) -> SiteAddress {
    let address = try address(of: row.module, "its module", location: location)
    let width = shape.width(of: address.site)
    guard row.storedKey.count == width, row.storedDelta.count == width else {
      throw FormatError(
        .memoryTable, location, "its rows at \(row.module) do not fit the model", expected: "width \(width)",
        got: "\(row.storedKey.count)")
    }
    return address
  }

  /// The address that a cue of a row at `rowAddress` watches.
  fileprivate func address(
    of cue: MemoryCue, before rowAddress: SiteAddress, location: String
  ) throws(FormatError) -> SiteAddress {
    let address = try address(of: cue.module, "its cue's module", location: location)
    let width = shape.width(of: address.site)
    guard cue.storedKey.count == width else {
      throw FormatError(
        .memoryTable, location, "its cue at \(cue.module) does not fit the model", expected: "width \(width)",
        got: "\(cue.storedKey.count)")
    }
    guard address < rowAddress else {
      throw FormatError(
        .memoryTable, location, "its row at \(module(rowAddress)) asks for a cue that is not computed before it",
        expected: "an earlier module", got: "\(cue.module)")
    }
    return address
  }

  private func address(
    of module: ByteString, _ what: String, location: String
  ) throws(FormatError) -> SiteAddress {
    guard let address = address(ofModule: module) else {
      throw FormatError(
        .memoryTable, location, "\(what) \(module) is no output projection of this model",
        expected: "one like \(self.module(SiteAddress(layer: 0, site: .attn)))")
    }
    return address
  }
}

/// The distinct cues of a list of rows, while it is read.
private struct CueIndex {
  private(set) var cues: [MemorySet.Cue] = []
  private(set) var known: [MemoryCue: Int] = [:]
  /// Per cue: what each row that asks for it asks for besides and before it, each list once.
  private var conditions: [[[CueGate]]] = []

  /// A row's cues, in its order.
  mutating func gates(
    of row: MemoryRow, at address: SiteAddress, in transformer: Transformer, location: String
  ) throws(FormatError) -> [CueGate] {
    var gates: [CueGate] = []
    for cue in row.cues {
      let index = known[cue] ?? cues.count
      if index == cues.count {
        let address = try transformer.address(of: cue, before: address, location: location)
        known[cue] = index
        cues.append(MemorySet.Cue(cue: cue, address: address))
        conditions.append([])
      } else if !(cues[index].address < address) {
        _ = try transformer.address(of: cue, before: address, location: location)
      }
      gates.append(CueGate(cue: index, mode: cue.mode))
    }
    for gate in gates where gate.mode == .here {
      let others = gates.filter { isKnown($0, when: gate) }
      if !conditions[gate.cue].contains(others) { conditions[gate.cue].append(others) }
    }
    return gates
  }

  /// Whether the presence of one cue is known when another, of mode `here`, is looked for: at a site, `seen` comes first.
  private func isKnown(_ gate: CueGate, when here: CueGate) -> Bool {
    let (address, other) = (cues[gate.cue].address, cues[here.cue].address)
    return address < other || address == other && gate.mode == .seen
  }

  /// The cues by `SiteAddress.index`.
  func blocks(_ shape: ModelShape) -> [CueBlock?] {
    var blocks = [CueBlock?](repeating: nil, count: 2 * shape.layers)
    for (index, cue) in cues.enumerated() {
      let block = blocks[cue.address.index] ?? CueBlock(width: shape.width(of: cue.address.site))
      block.append(cue.cue, index: index, conditions: conditions[index])
      blocks[cue.address.index] = block
    }
    return blocks
  }
}
