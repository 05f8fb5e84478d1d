import Foundation
import Testing

@testable import Format

/// Patched files that break one rule each, and the metadata and names that a file keeps.
@Suite struct PatchedFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  func path(_ name: String) -> String { folder.file(name) }

  func write(_ tensors: [Tensor], _ metadata: [ByteString: ByteString] = [:]) throws -> String {
    let path = path("\(UUID().uuidString).safetensors")
    try SafetensorsFile.write(tensors, metadata: metadata, to: path, progress: nil)
    return path
  }

  func kind(_ path: String) -> FormatError.Kind? {
    do {
      _ = try Checkpoint(path: path)
      return nil
    } catch {
      return error.kind
    }
  }

  static let manifest = Array(ExampleMemories.manifest([0, 1]).utf8)
  static let manifestTensor = Tensor(name: Manifest.tensorName, bytes: manifest)
  static let manifestHash = ByteString(SHA256.hex(manifest))

  @Test func manifestAndItsHashComeTogether() throws {
    let tables = ExampleMemories.tensors()
    let (hash, tensor) = (Self.manifestHash, Self.manifestTensor)
    #expect(kind(try write(tables + [tensor], ["memory.version": "1", "memory.manifest": hash])) == nil)
    #expect(kind(try write(tables + [tensor], ["memory.manifest": hash])) == nil)
    #expect(kind(try write(tables + [tensor], ["memory.version": "1"])) == .manifest)
    #expect(kind(try write(tables, ["memory.manifest": hash])) == .manifest)
    let upper = ByteString(hash.description.uppercased())
    #expect(kind(try write(tables + [tensor], ["memory.manifest": upper])) == .manifest)
    let wide = Tensor(name: Manifest.tensorName, dtype: .i8, shape: [Self.manifest.count], bytes: Self.manifest)
    #expect(kind(try write(tables + [wide], ["memory.manifest": hash])) == .manifest)
  }

  @Test(arguments: ["0", "3", "1.0", "2.0", " 1", ""])
  func refusesVersions(_ version: String) throws {
    #expect(kind(try write([], ["memory.version": ByteString(version)])) == .memoryTable)
  }

  /// Rows without a manifest become memories named after their rows, and keep that name when written.
  @Test func tablesWithoutAManifest() throws {
    let bare = try Checkpoint(path: write(ExampleMemories.tensors()))
    #expect(bare.memories.map(\.name) == ["m[0]", "m[1]"])
    #expect(bare.memories.map(\.rows[0].key) == [[1, 2], [3, 4]])
    #expect(bare.tensors.isEmpty)
    let output = path("again.safetensors")
    try bare.write(memories: Array(bare.memories.reversed()), to: output)
    let again = try Checkpoint(path: output)
    #expect(again.memories.map(\.name) == ["m[1]", "m[0]"])
    #expect(again.memories.map(\.rows) == bare.memories.reversed().map(\.rows))
  }

  @Test func refusesTablesInAFile() throws {
    let tables = ExampleMemories.tensors()
    for part in 0..<3 {
      let rest = tables.enumerated().filter { $0.offset != part }.map(\.element)
      #expect(kind(try write(rest)) == .memoryTable)
    }
    let module = { (memory: String) in Array(memory.replacingOccurrences(of: "\"m\"", with: "\"M\"").utf8) }
    let other = module(String(decoding: Self.manifest, as: UTF8.self))
    let renamed = Tensor(name: Manifest.tensorName, bytes: other)
    #expect(kind(try write(tables + [renamed], ["memory.manifest": ByteString(SHA256.hex(other))])) == .manifest)
    // A table without rows is valid.
    let empty = ["keys": [0, 7], "deltas": [0, 7], "bounds": [0, 2]].map {
      Tensor(name: ByteString("m.memory.\($0)"), shape: $1, floats: [])
    }
    #expect(try Checkpoint(path: write(empty)).memories.isEmpty)
  }

  @Test(arguments: [
    (#""alpha":1}"#, #""alpha":1e39}"#), (#""alpha":1}"#, #""alpha":"1"}"#), (#""row":0"#, #""row":0.0"#),
    (#""position":0"#, #""position":null"#), (#""name":"a""#, #""name":1"#), (#""target_ids":[1]"#, #""target_ids":1"#),
    (#""version":1"#, #""version":"1""#), (#""version":1"#, #""version":2"#), (#""rows":["#, #""rows":{"a":["#),
  ])
  func refusesManifestValues(_ old: String, _ new: String) throws {
    var text = ExampleMemories.manifest([0, 1]).replacingOccurrences(of: old, with: new)
    if new.contains("{") { text = text.replacingOccurrences(of: "]}]}", with: "]}}]}") }
    #expect { try ExampleMemories.memories(text) } throws: { ($0 as? FormatError)?.kind == .manifest }
  }

  @Test func namesDifferByBytes() throws {
    let memories = [ExampleMemories.memory("caf\u{E9}"), ExampleMemories.memory("cafe\u{301}")]
    let base = try Checkpoint(path: write([Tensor(name: "w", shape: [1], floats: [1])]))
    let output = path("names.safetensors")
    try base.write(memories: memories, to: output)
    #expect(try Checkpoint(path: output).memories.map { ByteString($0.name) } == memories.map { ByteString($0.name) })
    try base.write(memories: [memories[0], memories[0]], to: path("twice.safetensors"))
    #expect(kind(path("twice.safetensors")) == .manifest)
  }

  /// Patching keeps the base's metadata and renews its own, which stripping removes.
  @Test func metadata() throws {
    let base = try Checkpoint(
      path: write([Tensor(name: "w", shape: [1], floats: [1])], ["format": "mlx", "author": "é\u{0}\"\n"]))
    func entries(_ path: String) throws -> [String: String] {
      Dictionary(
        uniqueKeysWithValues: try Checkpoint(path: path).metadata.map { ($0.key.description, $0.value.description) })
    }
    let (patched, again, stripped) = (path("patched"), path("again"), path("stripped"))
    try base.write(memories: [ExampleMemories.memory("a")], to: patched)
    #expect(
      Set(try entries(patched).keys) == ["format", "author", "memory.version", "memory.base", "memory.manifest"])
    #expect(try entries(patched)["format"] == "mlx" && entries(patched)["author"] == "é\u{0}\"\n")
    try Checkpoint(path: patched).write(memories: [], to: again)
    #expect(try entries(again)["memory.base"] == entries(patched)["memory.base"])
    #expect(try entries(again)["memory.manifest"] != entries(patched)["memory.manifest"])
    try Checkpoint(path: again).writeBase(to: stripped)
    #expect(try entries(stripped) == ["format": "mlx", "author": "é\u{0}\"\n"])
  }

  /// The identity as FORMAT.md defines it.
  @Test func identityOfTheBase() throws {
    let (b, a) = (
      Tensor(name: "b", shape: [], floats: [1]), Tensor(name: "a\tx", dtype: .u8, shape: [1, 2], bytes: [3, 4])
    )
    let lines =
      "a\tx\tU8\t[1,2]\t\(SHA256.hex([3, 4]))\nb\tF32\t[]\t\(SHA256.hex([0, 0, 0x80, 0x3F]))\n"
    for tensors in [[a, b], [b, a], [b] + ExampleMemories.tensors() + [a]] {
      #expect(try Checkpoint(path: write(tensors)).baseHash() == SHA256.hex(Array(lines.utf8)))
    }
  }
}
