import Foundation
import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Bases that hold memories already, and bases as other programs write them.
@Suite struct PatchedFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func addingReplacingAndRemoving() throws {
    let base = try TinyModel.checkpoint("gpt2-a")
    let (first, second) = (folder.file("first.safetensors"), folder.file("second.safetensors"))
    let both = folder.file("both.safetensors")
    let other = SpecText.seed("b", layer: 2, prompt: "Once upon a time there was")
    try compile(base, SpecText.seed("a"), to: first)
    try compile(Checkpoint(path: first), other, to: second)
    try compile(base, SpecText.seed("a") + "," + other, to: both)
    let (one, two) = (try Checkpoint(path: second).memories, try Checkpoint(path: both).memories)
    #expect(one.map(\.name) == ["a", "b"])
    // Compiled one after the other or together, the rows are the same.
    #expect(one.map(\.rows) == two.map(\.rows))
    #expect(one[0].rows == (try Checkpoint(path: first).memories[0].rows))

    let replaced = folder.file("replaced.safetensors")
    try compile(Checkpoint(path: second), SpecText.seed("a", layer: 0), to: replaced)
    let memories = try Checkpoint(path: replaced).memories
    #expect(memories.map(\.name).sorted() == ["a", "b"])
    #expect(memories.first { $0.name == "a" }?.layer == 0)
    #expect(memories.first { $0.name == "b" }?.rows == one[1].rows)
  }

  static func hash(_ path: String) throws -> String { SHA256.hex(try MappedFile(path: path).contents) }

  /// Removing a memory gives the file that it was added to, byte for byte; stripping gives the base's tensors.
  @Test(arguments: ["gpt2-published", "llama-b"])
  func removingUndoesAdding(_ name: String) throws {
    let base = try TinyModel.checkpoint(name)
    let (first, second) = (folder.file("first.safetensors"), folder.file("second.safetensors"))
    let removed = folder.file("removed.safetensors")
    try compile(base, SpecText.auto("a", extra: SpecText.subject), to: first)
    let other = SpecText.auto("b", extra: SpecText.subject).replacingOccurrences(
      of: SpecText.prompt, with: "The hills of Nepal are in")
    let added = try compile(Checkpoint(path: first), other, to: second)
    #expect(added.compiled[0].rows.allSatisfy { !$0.cues.isEmpty })
    let both = try Checkpoint(path: second)
    #expect(both.memories.map(\.name) == ["a", "b"])
    try both.write(memories: both.memories.filter { $0.name != "b" }, to: removed)
    #expect(try Self.hash(removed) == Self.hash(first))
    #expect(try Self.hash(second) != Self.hash(first))

    #expect(both.memories[0].rows == (try Checkpoint(path: first).memories[0].rows))

    let stripped = folder.file("stripped.safetensors")
    try both.writeBase(to: stripped)
    let bare = try Checkpoint(path: stripped)
    #expect(bare.memories.isEmpty && CompanionFile.allCases.allSatisfy { bare.companion($0) == nil })
    #expect(bare.tensors.map(\.name) == base.tensors.map(\.name))
    #expect(bare.tensors.map { $0.sha256() } == base.tensors.map { $0.sha256() })
  }

  /// Tensors at odd offsets and in another order give the same memories.
  @Test(arguments: ["gpt2-a", "llama-b"])
  func anUnalignedBaseGivesTheSameRows(_ name: String) throws {
    let base = try TinyModel.checkpoint(name)
    let output = folder.file("output.safetensors")
    let tensors = Array(base.tensors.reversed())
    var bytes = try HeaderWriter.bytes(tensors, metadata: [:], location: "f")
    bytes.append(0x20)
    bytes.replaceSubrange(0..<8, with: withUnsafeBytes(of: UInt64(bytes.count - 8).littleEndian) { Array($0) })
    for tensor in tensors { tensor.withBytes { bytes += $0 } }
    try folder.write(bytes, to: "model.safetensors")
    for file in ["config.json", "tokenizer.json"] {
      try FileManager.default.copyItem(atPath: "\(TinyModel.path(name))/\(file)", toPath: folder.file(file))
    }
    let odd = try Checkpoint(path: folder.path)
    #expect(odd.baseHash() == base.baseHash())
    let (one, two) = (
      try compile(base, SpecText.auto("a"), to: nil),
      try compile(odd, SpecText.auto("a"), to: output)
    )
    #expect(one.compiled[0].rows == two.compiled[0].rows && one.results == two.results)
    #expect(try Checkpoint(path: output).baseHash() == base.baseHash())
  }

  /// Tables of other models are refused before anything runs.
  @Test(arguments: [
    ("transformer.h.3.mlp.c_proj", 192), ("h.1.mlp.c_proj", 192), ("transformer.h.1.mlp.c_proj", 48),
    ("transformer.h.1.attn.c_proj", 192), ("transformer.h.1.mlp.c_fc", 48),
  ])
  func refusesTablesOfOtherModels(_ module: String, _ width: Int) throws {
    let (first, second) = (folder.file("first.safetensors"), folder.file("second.safetensors"))
    let base = try TinyModel.checkpoint("gpt2-a")
    try compile(base, SpecText.seed("a"), to: first)
    var memory = try Checkpoint(path: first).memories[0]
    memory.rows[0].module = ByteString(module)
    memory.rows[0].key = [Float](repeating: 1, count: width)
    memory.rows[0].delta = memory.rows[0].key
    try base.write(memories: [memory], to: second)
    let misfit = try Checkpoint(path: second)
    #expect { try LanguageModel(misfit, pool: WorkerPool(threads: 1)) } throws: {
      ($0 as? FormatError)?.kind == .memoryTable
    }
    #expect {
      try compile(misfit, SpecText.seed("b", prompt: "Once"), to: folder.file("refused.safetensors"))
    } throws: { ($0 as? FormatError)?.kind == .memoryTable }
  }
}
