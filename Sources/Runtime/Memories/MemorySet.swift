import Format

/// The memories that a forward pass applies, arranged by address.
public final class MemorySet {
  /// By `SiteAddress.index`.
  let blocks: [MemoryBlock?]
  public let isEmpty: Bool

  /// No memories: the base model.
  public static func none(of transformer: Transformer) -> MemorySet { transformer.noMemories }

  init(layers: Int) {
    blocks = [MemoryBlock?](repeating: nil, count: 2 * layers)
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

  private init(
    _ rows: [(memory: String, row: MemoryRow)], for transformer: Transformer, location: String
  ) throws(FormatError) {
    var blocks = [MemoryBlock?](repeating: nil, count: 2 * transformer.shape.layers)
    for (memory, row) in rows {
      let address = try Self.address(of: row, in: transformer, location: "\(location): memory \(memory)")
      let block =
        blocks[address.index] ?? MemoryBlock(address: address, width: transformer.shape.width(of: address.site))
      block.append(row, of: memory)
      blocks[address.index] = block
    }
    self.blocks = blocks
    isEmpty = rows.isEmpty
  }

  /// The address that a row acts at.
  private static func address(
    of row: MemoryRow, in transformer: Transformer, location: String
  ) throws(FormatError) -> SiteAddress {
    guard let address = transformer.address(ofModule: row.module) else {
      throw FormatError(
        .memoryTable, location, "its module \(row.module) is no output projection of this model",
        expected: "one like \(transformer.module(SiteAddress(layer: 0, site: .attn)))")
    }
    let width = transformer.shape.width(of: address.site)
    guard row.key.count == width, row.delta.count == width else {
      throw FormatError(
        .memoryTable, location, "its rows at \(row.module) do not fit the model", expected: "width \(width)",
        got: "\(row.key.count)")
    }
    return address
  }

  /// The rows of one address, nil where there are none.
  package subscript(address: SiteAddress) -> MemoryBlock? { blocks[address.index] }
}
