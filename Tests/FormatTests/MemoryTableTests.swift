import Foundation
import Testing

@testable import Format

/// The rules of specs/FORMAT.md for tables and manifest, each broken once.
@Suite struct MemoryTableTests {
  static let module: ByteString = "m"

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
    try MemoryTable(
      module: module, tensors: Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) }), location: "f")
  }

  @Test func readsWhatItWrites() throws {
    let table = try Self.table(Self.tensors())
    #expect(table.count == 2 && table.width == 2)
    #expect(try Self.table(table.tensors) == table)
  }

  static let broken: [(String, [Tensor])] = [
    ("NaN key", tensors(keys: [.nan, 2, 3, 4])), ("infinite delta", tensors(deltas: [0, .infinity, 1, 1])),
    ("zero key", tensors(keys: [0, 0, 3, 4])), ("denormal key", tensors(keys: [1e-30, 0, 3, 4])),
    ("boundary 0", tensors(bounds: [0, 3, 0.25, 8])), ("boundary < 0", tensors(bounds: [-1, 3, 0.25, 8])),
    ("boundary whose square vanishes", tensors(bounds: [1e-20, 3, 0.25, 8])),
    ("hardness 0", tensors(bounds: [0.5, 0, 0.25, 8])), ("too few bounds", tensors(bounds: [0.5, 3])),
    ("no deltas", tensors().filter { $0.name != "m.memory.deltas" }),
    ("rank 1", tensors(shape: [4])),
    (
      "dtype",
      tensors().map {
        $0.name == "m.memory.keys"
          ? Tensor(name: $0.name, dtype: .bf16, shape: [2, 2], bytes: [0, 0, 0, 0, 0, 0, 0, 0]) : $0
      }
    ),
    (
      "widths",
      tensors().map { $0.name == "m.memory.deltas" ? Tensor(name: $0.name, shape: [4, 1], floats: [1, 1, 1, 1]) : $0 }
    ),
  ]

  @Test(arguments: broken.indices)
  func refusesTables(_ index: Int) {
    #expect {
      try Self.table(Self.broken[index].1)
    } throws: { ($0 as? FormatError)?.kind == .memoryTable }
  }

  static let memory =
    #""name":"a","prompt":"p","target":"t","target_ids":[1],"method":"seed","site":"mlp","layer":0,"token":"last""#
  static func row(_ index: Int) -> String { #"{"module":"m","row":\#(index),"position":0,"target_id":1,"alpha":1}"# }
  static func manifest(_ rows: [Int], version: Int = 1) -> String {
    #"{"version":\#(version),"memories":[{\#(memory),"rows":[\#(rows.map(row).joined(separator: ","))]}]}"#
  }

  @Test func joinsManifestAndTables() throws {
    let memories = try Manifest.memories(
      Array(Self.manifest([1, 0]).utf8), tables: [Self.table(Self.tensors())], location: "f")
    #expect(memories[0].rows.map(\.key) == [[3, 4], [1, 2]])
    #expect(memories[0].rows.map(\.boundary) == [0.25, 0.5])
  }

  @Test(arguments: [
    manifest([0]), manifest([0, 1, 1]), manifest([0, 2]), manifest([0, -1]), manifest([0, 1], version: 2), "{}", "[]",
    #"{"version":1,"memories":{}}"#, #"{"version":1,"memories":[{}]}"#,
    manifest([0, 1]).replacingOccurrences(of: "\"layer\":0", with: "\"layer\":\"0\""),
    manifest([0, 1]).replacingOccurrences(of: "\"m\"", with: "\"n\""),
    manifest([0, 1]).replacingOccurrences(of: "[1]", with: "[1.5]"),
  ])
  func refusesManifests(_ text: String) throws {
    let table = try Self.table(Self.tensors())
    #expect { try Manifest.memories(Array(text.utf8), tables: [table], location: "f") } throws: {
      ($0 as? FormatError)?.kind == .manifest
    }
  }

  /// A file whose manifest or version was changed behind its back.
  @Test(arguments: [("memory.manifest", FormatError.Kind.manifest), ("memory.version", .memoryTable)])
  func refusesFiles(_ key: String, _ kind: FormatError.Kind) throws {
    let path = "\(try CheckpointTests.folder())/f.safetensors"
    var metadata: [ByteString: ByteString] = ["memory.version": "1"]
    metadata[ByteString(key)] = "2"
    let tensors = Self.tensors() + [Tensor(name: Manifest.tensorName, bytes: Array(Self.manifest([0, 1]).utf8))]
    try SafetensorsFile.write(tensors, metadata: metadata, to: path, progress: nil)
    #expect { try Checkpoint(path: path) } throws: { ($0 as? FormatError)?.kind == kind }
  }
}
