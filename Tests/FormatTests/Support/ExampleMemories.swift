@testable import Format

/// Memories, and tables with their manifest, to write and to break.
enum ExampleMemories {
  /// A memory of one row of width 3.
  static func memory(_ name: String, boundary: Float = 0.5) -> Memory {
    Memory(
      name: name, prompt: "p \(name)", target: " t", targetIDs: [3], method: "seed", site: "mlp", layer: 1,
      token: "last",
      rows: [
        MemoryRow(
          module: "transformer.h.1.mlp.c_proj", position: 2, targetID: 3, alpha: 1.5, boundary: boundary, hardness: 3,
          key: [1, 2, 3], delta: [0.5, -1, 0])
      ], entry: ["name": .string(name)], scores: .null)
  }

  /// A memory of one row of width 3 at layer 1 that asks for cues.
  static func memory(_ name: String, cues: [MemoryCue]) -> Memory {
    var memory = memory(name)
    memory.rows[0].cues = cues
    return memory
  }

  /// A cue at layer 0, whose width is `key.count`.
  static func cue(
    _ key: [Float] = [1, 1, 2], mode: MemoryCue.Mode = .seen, module: ByteString = "transformer.h.0.mlp.c_proj"
  ) -> MemoryCue {
    MemoryCue(mode: mode, module: module, boundary: 0.75, hardness: 2, key: key)
  }

  /// The module of the tables below.
  static let module: ByteString = "m"

  /// The tensors of a table of two rows of width 2.
  static func tensors(
    keys: [Float] = [1, 2, 3, 4], deltas: [Float] = [0, 0, 1, 1], bounds: [Float] = [0.5, 3, 0.25, 8],
    shape: [Int] = [2, 2]
  ) -> [Tensor] {
    [
      Tensor(name: "m.memory.keys", shape: shape, floats: keys),
      Tensor(name: "m.memory.deltas", shape: shape, floats: deltas),
      Tensor(name: "m.memory.bounds", shape: [bounds.count / 2, 2], floats: bounds),
    ]
  }

  static func table(_ tensors: [Tensor]) throws(FormatError) -> MemoryTable {
    try MemoryTableReader(
      module: module, tensors: Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) }), location: "f"
    ).table()
  }

  /// The memories of a manifest over the table of `tensors()`.
  static func memories(_ manifest: String) throws(FormatError) -> [Memory] {
    let tables = [try table(tensors())]
    return try Manifest.memories(
      Array(manifest.utf8), tables: tables, cues: FileCues(tables, location: "f"), location: "f")
  }

  private static let fields =
    #""name":"a","prompt":"p","target":"t","target_ids":[1],"method":"seed","site":"mlp","layer":0,"token":"last""#
  private static func row(_ index: Int) -> String {
    #"{"module":"m","row":\#(index),"position":0,"target_id":1,"alpha":1}"#
  }

  /// A manifest of one memory that owns the given rows.
  static func manifest(_ rows: [Int], version: Int = 1) -> String {
    #"{"version":\#(version),"memories":[{\#(fields),"rows":[\#(rows.map(row).joined(separator: ","))]}]}"#
  }
}
