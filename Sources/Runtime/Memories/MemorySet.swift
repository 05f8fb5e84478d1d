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

  /// - Throws: `FormatError` of kind `memoryTable` where a module is not a site of the model or a width does not fit it.
  public init(_ memories: [Memory], for transformer: Transformer) throws(FormatError) {
    var blocks = [MemoryBlock?](repeating: nil, count: 2 * transformer.shape.layers)
    for memory in memories {
      for row in memory.rows {
        let address = try Self.address(of: row, of: memory, in: transformer)
        let block =
          blocks[address.index] ?? MemoryBlock(address: address, width: transformer.shape.width(of: address.site))
        block.append(row, of: memory.name)
        blocks[address.index] = block
      }
    }
    self.blocks = blocks
    isEmpty = memories.allSatisfy { $0.rows.isEmpty }
  }

  /// The address that a row acts at.
  private static func address(
    of row: MemoryRow, of memory: Memory, in transformer: Transformer
  ) throws(FormatError) -> SiteAddress {
    let location = "\(transformer.location): memory \(memory.name)"
    guard let address = transformer.address(ofModule: row.module) else {
      throw FormatError(
        .memoryTable, location, "its module \(row.module) is no site of this model",
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
