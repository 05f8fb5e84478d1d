import Foundation
import Testing

@testable import Format

/// Files, folders and shards in, one file out.
@Suite struct CheckpointTests {
  static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/models").path

  static func folder() throws -> String {
    let path = NSTemporaryDirectory() + "checkpoint-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

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

  static func hash(_ path: String) throws -> String { SHA256.hex(try MappedFile(path: path).contents) }

  @Test func writesWhatItReads() throws {
    let folder = try Self.folder()
    let base = try Checkpoint(path: "\(Self.fixtures)/gpt2-a")
    let output = "\(folder)/out.safetensors"
    try base.write(memories: [Self.memory("a"), Self.memory("b")], to: output)
    let written = try Checkpoint(path: output)
    #expect(written.tensors.map(\.name) == base.tensors.map(\.name))
    for (old, new) in zip(base.tensors, written.tensors) {
      #expect(old.dtype == new.dtype && old.shape == new.shape)
      #expect(try old.sha256() == new.sha256())
    }
    #expect(try written.baseHash() == base.baseHash())
    for file in CompanionFile.allCases { #expect(written.companion(file) == base.companion(file)) }
    #expect(written.memories.map(\.name) == ["a", "b"])
    #expect(written.memories[1].rows == Self.memory("b").rows)
    #expect(written.memories[1].entry.text() == #"{"name":"b"}"#)
    let metadata = Dictionary(uniqueKeysWithValues: written.metadata.map { ($0.key.description, $0.value.description) })
    #expect(metadata["format"] == "pt" && metadata["memory.version"] == "1")
    #expect(metadata["memory.base"] == (try base.baseHash()))

    let again = "\(folder)/again.safetensors"
    try base.write(memories: [Self.memory("a"), Self.memory("b")], to: again)
    #expect(try Self.hash(output) == Self.hash(again))

    let stripped = "\(folder)/stripped.safetensors"
    try written.writeBase(to: stripped)
    let bare = try Checkpoint(path: stripped)
    #expect(bare.tensors.map(\.name) == base.tensors.map(\.name) && bare.memories.isEmpty)
    #expect(try bare.baseHash() == base.baseHash())
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 3)
  }

  @Test func readsShardsAsOne() throws {
    let sharded = try Checkpoint(path: "\(Self.fixtures)/llama-sharded")
    let byIndex = try Checkpoint(path: "\(Self.fixtures)/llama-sharded/model.safetensors.index.json")
    #expect(sharded.sources.count > 2)
    #expect(sharded.tensors.map(\.name) == byIndex.tensors.map(\.name))
    let output = "\(try Self.folder())/one.safetensors"
    try sharded.write(memories: [], to: output)
    #expect(try Checkpoint(path: output).baseHash() == sharded.baseHash())
  }

  @Test func refusesOutputsAndLeavesThemAlone() throws {
    let folder = try Self.folder()
    let base = "\(folder)/base.safetensors"
    try FileManager.default.copyItem(atPath: "\(Self.fixtures)/gpt2-a/model.safetensors", toPath: base)
    try FileManager.default.createSymbolicLink(atPath: "\(folder)/symbolic", withDestinationPath: base)
    try FileManager.default.linkItem(atPath: base, toPath: "\(folder)/hard")
    try Data("old".utf8).write(to: URL(fileURLWithPath: "\(folder)/old"))
    let checkpoint = try Checkpoint(path: base)
    let before = try Self.hash(base)
    let cases: [(String, Bool, FormatError.Kind)] = [
      ("base.safetensors", true, .sameFile), ("symbolic", true, .sameFile), ("hard", true, .sameFile),
      ("old", false, .exists),
      ("none/out", true, .unwritable), (".", true, .unwritable),
    ]
    for (name, replacing, kind) in cases {
      #expect {
        try checkpoint.write(memories: [], to: "\(folder)/\(name)", replacing: replacing)
      } throws: { ($0 as? FormatError)?.kind == kind }
    }
    #expect(try Self.hash(base) == before)
    #expect(try String(contentsOfFile: "\(folder)/old", encoding: .utf8) == "old")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == [
        "base.safetensors", "hard", "old", "symbolic",
      ])
  }

  @Test(arguments: [
    (#"{"weight_map":{"a":"../x"}}"#, FormatError.Kind.index), (#"{"weight_map":{"a":"/etc/passwd"}}"#, .index),
    (#"{"weight_map":{"a":".."}}"#, .index), (#"{"weight_map":{"a":1}}"#, .index), (#"{"weight_map":[]}"#, .index),
    (#"{"weight_map":{"a":"absent"}}"#, .missing), (#"{"weight_map":{"z":"s"}}"#, .index),
    (#"{"weight_map":{"a":"s","b":"s"}}"#, .index),
    (#"{"weight_map":{"a":"s","a":"s"}}"#, .json),
  ])
  func refusesIndexes(_ text: String, _ kind: FormatError.Kind) throws {
    let folder = try Self.folder()
    let shard = SafetensorsHeaderTests.file(SafetensorsHeaderTests.one, data: 8)
    try Data(shard).write(to: URL(fileURLWithPath: "\(folder)/s"))
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/model.safetensors.index.json"))
    #expect { try Checkpoint(path: folder) } throws: { ($0 as? FormatError)?.kind == kind }
  }

  @Test func namesWhatIsMissing() throws {
    let folder = try Self.folder()
    // Opening a named pipe must not wait for a writer.
    #expect(mkfifo("\(folder)/pipe", 0o600) == 0)
    #expect { try Checkpoint(path: "\(folder)/pipe") } throws: { ($0 as? FormatError)?.kind == .unreadable }
    #expect { try Checkpoint(path: folder) } throws: { ($0 as? FormatError)?.kind == .notACheckpoint }
    #expect { try Checkpoint(path: "\(folder)/x") } throws: { ($0 as? FormatError)?.kind == .missing }
  }

  @Test func hashesAsPublished() {
    #expect(SHA256.hex([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(SHA256.hex(Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      SHA256.hex([UInt8](repeating: 0x61, count: 1_000_000))
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    #expect(
      SHA256.hex(Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8))
        == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
  }
}
