import Foundation
import Testing

@testable import Format

/// The rules of specs/FORMAT.md for tables and manifest, each broken once.
@Suite struct MemoryTableTests {
  @Test func readsWhatItWrites() throws {
    let table = try ExampleMemories.table(ExampleMemories.tensors())
    #expect(table.count == 2 && table.width == 2)
    #expect(try ExampleMemories.table(table.tensors) == table)
  }

  static let broken: [(String, [Tensor])] = [
    ("NaN key", ExampleMemories.tensors(keys: [.nan, 2, 3, 4])),
    ("infinite delta", ExampleMemories.tensors(deltas: [0, .infinity, 1, 1])),
    ("zero key", ExampleMemories.tensors(keys: [0, 0, 3, 4])),
    ("denormal key", ExampleMemories.tensors(keys: [1e-30, 0, 3, 4])),
    ("boundary 0", ExampleMemories.tensors(bounds: [0, 3, 0.25, 8])),
    ("boundary < 0", ExampleMemories.tensors(bounds: [-1, 3, 0.25, 8])),
    ("boundary whose square vanishes", ExampleMemories.tensors(bounds: [1e-20, 3, 0.25, 8])),
    ("hardness 0", ExampleMemories.tensors(bounds: [0.5, 0, 0.25, 8])),
    ("too few bounds", ExampleMemories.tensors(bounds: [0.5, 3])),
    ("no deltas", ExampleMemories.tensors().filter { $0.name != "m.memory.deltas" }),
    ("rank 1", ExampleMemories.tensors(shape: [4])),
    (
      "dtype",
      ExampleMemories.tensors().map {
        $0.name == "m.memory.keys"
          ? Tensor(name: $0.name, dtype: .f16, shape: [2, 2], bytes: [0, 0, 0, 0, 0, 0, 0, 0]) : $0
      }
    ),
    (
      "widths",
      ExampleMemories.tensors().map {
        $0.name == "m.memory.deltas" ? Tensor(name: $0.name, shape: [4, 1], floats: [1, 1, 1, 1]) : $0
      }
    ),
  ]

  @Test(arguments: broken.indices)
  func refusesTables(_ index: Int) {
    #expect {
      try ExampleMemories.table(Self.broken[index].1)
    } throws: { ($0 as? FormatError)?.kind == .memoryTable }
  }

  @Test func joinsManifestAndTables() throws {
    let memories = try ExampleMemories.memories(ExampleMemories.manifest([1, 0]))
    #expect(memories[0].rows.map(\.key) == [[3, 4], [1, 2]])
    #expect(memories[0].rows.map(\.boundary) == [0.25, 0.5])
  }

  @Test(arguments: [
    ExampleMemories.manifest([0]), ExampleMemories.manifest([0, 1, 1]), ExampleMemories.manifest([0, 2]),
    ExampleMemories.manifest([0, -1]), ExampleMemories.manifest([0, 1], version: 2), "{}", "[]",
    #"{"version":1,"memories":{}}"#, #"{"version":1,"memories":[{}]}"#,
    ExampleMemories.manifest([0, 1]).replacingOccurrences(of: "\"layer\":0", with: "\"layer\":\"0\""),
    ExampleMemories.manifest([0, 1]).replacingOccurrences(of: "\"m\"", with: "\"n\""),
    ExampleMemories.manifest([0, 1]).replacingOccurrences(of: "[1]", with: "[1.5]"),
  ])
  func refusesManifests(_ text: String) throws {
    #expect { try ExampleMemories.memories(text) } throws: { ($0 as? FormatError)?.kind == .manifest }
  }

  /// Files with another hash of the manifest, or another version, than their content has.
  @Test(arguments: [("memory.manifest", FormatError.Kind.manifest), ("memory.version", .memoryTable)])
  func refusesFiles(_ key: String, _ kind: FormatError.Kind) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("f")
    var metadata: [ByteString: ByteString] = ["memory.version": "1"]
    metadata[ByteString(key)] = "3"
    let tensors =
      ExampleMemories.tensors() + [
        Tensor(name: Manifest.tensorName, bytes: Array(ExampleMemories.manifest([0, 1]).utf8))
      ]
    try SafetensorsFile.write(tensors, metadata: metadata, to: path, progress: nil)
    #expect { try Checkpoint(path: path) } throws: { ($0 as? FormatError)?.kind == kind }
  }
}
