import Foundation
import Testing

@testable import Format

/// Reading files, folders and shards, and writing one file.
@Suite struct CheckpointTests {
  @Test func writesWhatItReads() throws {
    let folder = try TemporaryFolder()
    let base = try Checkpoint(path: Fixtures.model("gpt2-a"))
    let output = folder.file("out.safetensors")
    try base.write(memories: [ExampleMemories.memory("a"), ExampleMemories.memory("b")], to: output)
    let written = try Checkpoint(path: output)
    #expect(written.tensors.map(\.name) == base.tensors.map(\.name))
    for (old, new) in zip(base.tensors, written.tensors) {
      #expect(old.dtype == new.dtype && old.shape == new.shape)
      #expect(old.sha256() == new.sha256())
    }
    #expect(written.baseHash() == base.baseHash())
    for file in CompanionFile.allCases { #expect(written.companion(file) == base.companion(file)) }
    #expect(written.memories.map(\.name) == ["a", "b"])
    #expect(written.memories[1].rows == ExampleMemories.memory("b").rows)
    #expect(written.memories[1].entry.text() == #"{"name":"b"}"#)
    let metadata = Dictionary(uniqueKeysWithValues: written.metadata.map { ($0.key.description, $0.value.description) })
    #expect(metadata["format"] == "pt" && metadata["memory.version"] == "1")
    #expect(metadata["memory.base"] == base.baseHash())

    let again = folder.file("again.safetensors")
    try base.write(memories: [ExampleMemories.memory("a"), ExampleMemories.memory("b")], to: again)
    #expect(try folder.contents("out.safetensors") == folder.contents("again.safetensors"))

    let stripped = folder.file("stripped.safetensors")
    try written.writeBase(to: stripped)
    let bare = try Checkpoint(path: stripped)
    #expect(bare.tensors.map(\.name) == base.tensors.map(\.name) && bare.memories.isEmpty)
    #expect(bare.baseHash() == base.baseHash())
    #expect(try folder.names().count == 3)
  }

  @Test func readsShardsAsOne() throws {
    let sharded = try Checkpoint(path: Fixtures.model("llama-sharded"))
    let folder = try TemporaryFolder()
    let byIndex = try Checkpoint(path: "\(Fixtures.model("llama-sharded"))/model.safetensors.index.json")
    #expect(sharded.sources.count > 2)
    #expect(sharded.tensors.map(\.name) == byIndex.tensors.map(\.name))
    let output = folder.file("one.safetensors")
    try sharded.write(memories: [], to: output)
    #expect(try Checkpoint(path: output).baseHash() == sharded.baseHash())
  }

  @Test func refusesOutputsAndLeavesThemAlone() throws {
    let folder = try TemporaryFolder()
    let base = folder.file("base.safetensors")
    try FileManager.default.copyItem(atPath: "\(Fixtures.model("gpt2-a"))/model.safetensors", toPath: base)
    try FileManager.default.createSymbolicLink(atPath: folder.file("symbolic"), withDestinationPath: base)
    try FileManager.default.linkItem(atPath: base, toPath: folder.file("hard"))
    try folder.write("old", to: "old")
    let checkpoint = try Checkpoint(path: base)
    let before = try folder.contents("base.safetensors")
    let cases: [(String, Bool, FormatError.Kind)] = [
      ("base.safetensors", true, .sameFile), ("symbolic", true, .sameFile), ("hard", true, .sameFile),
      ("old", false, .exists),
      ("none/out", true, .unwritable), (".", true, .unwritable),
    ]
    for (name, replacing, kind) in cases {
      #expect {
        try checkpoint.write(memories: [], to: folder.file(name), replacing: replacing)
      } throws: { ($0 as? FormatError)?.kind == kind }
    }
    #expect(try folder.contents("base.safetensors") == before)
    #expect(try folder.contents("old") == Array("old".utf8))
    #expect(
      try folder.names() == ["base.safetensors", "hard", "old", "symbolic"])
  }

  @Test(arguments: [
    (#"{"weight_map":{"a":"../x"}}"#, FormatError.Kind.index), (#"{"weight_map":{"a":"/etc/passwd"}}"#, .index),
    (#"{"weight_map":{"a":".."}}"#, .index), (#"{"weight_map":{"a":1}}"#, .index), (#"{"weight_map":[]}"#, .index),
    (#"{"weight_map":{"a":"absent"}}"#, .missing),
    (#"{"weight_map":{"a":"s","a":"s"}}"#, .json),
  ])
  func refusesIndexes(_ text: String, _ kind: FormatError.Kind) throws {
    let folder = try TemporaryFolder()
    let shard = SafetensorsBytes.file(SafetensorsBytes.oneTensor, data: 8)
    try Data(shard).write(to: URL(fileURLWithPath: folder.file("s")))
    try folder.write(text, to: "model.safetensors.index.json")
    #expect { try Checkpoint(path: folder.path) } throws: { ($0 as? FormatError)?.kind == kind }
  }

  @Test func namesWhatIsMissing() throws {
    let folder = try TemporaryFolder()
    // Opening a named pipe must not wait for a writer.
    #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
    #expect { try Checkpoint(path: folder.file("pipe")) } throws: { ($0 as? FormatError)?.kind == .unreadable }
    #expect { try Checkpoint(path: folder.path) } throws: { ($0 as? FormatError)?.kind == .notACheckpoint }
    #expect { try Checkpoint(path: folder.file("x")) } throws: { ($0 as? FormatError)?.kind == .missing }
  }
}
