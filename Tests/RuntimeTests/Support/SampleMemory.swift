@testable import Format

extension Memory {
  /// A memory named m of some rows, and nothing else.
  static func sample(_ rows: [MemoryRow]) -> Memory {
    Memory(
      name: "m", prompt: "", target: "", targetIDs: [], method: "seed", site: "mlp", layer: 0, token: "last",
      rows: rows,
      entry: .null, scores: .null)
  }
}

extension MemoryRow {
  /// A row of a region and a delta, and nothing else.
  static func sample(
    module: ByteString = "m", boundary: Float, hardness: Float, key: [Float], delta: [Float]
  ) -> MemoryRow {
    MemoryRow(
      module: module, position: 0, targetID: 0, alpha: 1, boundary: boundary, hardness: hardness, key: key, delta: delta
    )
  }
}
