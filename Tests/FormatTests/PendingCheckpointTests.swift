import Foundation
import Testing

@testable import Format

/// Checkpoints that are complete under a temporary name, then committed or discarded.
@Suite struct PendingCheckpointTests {
  private let folder: TemporaryFolder
  private let output: String
  private let base: Checkpoint
  private let memories = [ExampleMemories.memory("a"), ExampleMemories.memory("b")]

  init() throws {
    folder = try TemporaryFolder()
    output = folder.file("out.safetensors")
    base = try Checkpoint(path: Fixtures.model("gpt2-a"))
  }

  private func prepare(_ isSidecar: Bool, replacing: Bool = false) throws -> PendingCheckpoint {
    isSidecar
      ? try base.prepareSidecar(memories: memories, to: output, replacing: replacing)
      : try base.prepare(memories: memories, to: output, replacing: replacing)
  }

  @Test(arguments: [false, true])
  func isReadBeforeItIsCommitted(isSidecar: Bool) throws {
    try folder.write("old", to: "out.safetensors")
    let pending = try prepare(isSidecar, replacing: true)
    let opened = try pending.open()
    #expect(pending.output == output && opened.path == output)
    #expect(opened.isSidecar == isSidecar && opened.sources.first == output)
    #expect(opened.memories.map(\.name) == ["a", "b"] && opened.memories.map(\.rows) == memories.map(\.rows))
    #expect(try folder.contents("out.safetensors") == Array("old".utf8))

    try pending.commit()
    #expect(try folder.names() == ["out.safetensors"])
    // The checkpoint that was opened before the commit reads the same file.
    #expect(try opened.identity() == Checkpoint(path: output).identity())
    #expect(try Checkpoint(path: output).memories.map(\.rows) == memories.map(\.rows))
  }

  @Test(arguments: [false, true])
  func givesTheBytesOfAWriteAtOnce(isSidecar: Bool) throws {
    try prepare(isSidecar).commit()
    let direct = folder.file("direct")
    if isSidecar {
      try base.writeSidecar(memories: memories, to: direct)
    } else {
      try base.write(memories: memories, to: direct)
    }
    #expect(try folder.contents("out.safetensors") == folder.contents("direct"))
  }

  /// Where the base was copied before the header is known, and where its place was foreseen wrongly, the bytes are the same.
  @Test(arguments: [1, 2, 400])
  func theBaseMayBeCopiedEarly(_ modules: Int) throws {
    var memories = memories
    for i in 2..<max(2, modules) {
      var memory = ExampleMemories.memory("m\(i)")
      memory.rows[0].module = ByteString("transformer.h.1.mlp.c_proj\(i)")
      memories.append(memory)
    }
    try base.write(memories: memories, to: folder.file("plain"))
    let patched = try Checkpoint(path: folder.file("plain"))
    for source in [base, patched] {
      let early = try #require(source.copyEarly(to: output))
      let pending = try source.prepare(memories: memories, to: output, replacing: true, early: early)
      #expect(try folder.names().count { $0.hasSuffix(".tmp") } == 1)
      try pending.commit()
      try source.write(memories: memories, to: folder.file("again"), replacing: true)
      #expect(try folder.contents("out.safetensors") == folder.contents("again"))
      // The copy is taken once.
      #expect(early.take(behind: try Data(folder.contents("again")).count, count: 0) == nil)
    }
  }

  @Test func anEarlyCopyThatIsNotTakenLeavesNothing() throws {
    let early = try #require(base.copyEarly(to: output))
    early.end()
    #expect(try folder.names().isEmpty)
    let lost = try #require(base.copyEarly(to: folder.file("gone/out.safetensors")))
    #expect(throws: FormatError.self) {
      try base.prepare(memories: memories, to: folder.file("gone/out.safetensors"), early: lost)
    }
    // A base in two files, and one without tensors, is copied later.
    let sidecar = folder.file("side")
    try base.writeSidecar(memories: memories, to: sidecar)
    #expect(try Checkpoint(path: sidecar).copyEarly(to: output) == nil)
  }

  @Test func aBaseThatChangesBehindTheCopyIsRefused() throws {
    try FileManager.default.copyItem(
      atPath: Fixtures.model("gpt2-a") + "/model.safetensors", toPath: folder.file("base.safetensors"))
    let source = try Checkpoint(path: folder.file("base.safetensors"))
    let early = try #require(source.copyEarly(to: output))
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.file("base.safetensors")))
    try handle.seekToEnd()
    try handle.write(contentsOf: [1])
    try handle.close()
    let error = #expect(throws: FormatError.self) {
      try source.prepare(memories: memories, to: output, early: early)
    }
    #expect(error?.problem == "was changed while it was read")
    early.end()
    #expect(try folder.names() == ["base.safetensors"])
  }

  @Test(arguments: [false, true])
  func leavesTheOldFileWhenDiscarded(isSidecar: Bool) throws {
    try folder.write("old", to: "out.safetensors")
    do {
      let pending = try prepare(isSidecar, replacing: true)
      #expect(try folder.names().count == 2)
      _ = try pending.open()
    }
    #expect(try folder.names() == ["out.safetensors"])
    #expect(try folder.contents("out.safetensors") == Array("old".utf8))
  }

  /// A file that appeared after `prepare` stays.
  @Test func refusesToReplaceAFileThatAppeared() throws {
    let pending = try prepare(false)
    try folder.write("new", to: "out.safetensors")
    #expect { try pending.commit() } throws: { ($0 as? FormatError)?.kind == .exists }
    #expect(try folder.contents("out.safetensors") == Array("new".utf8))
    try FileManager.default.removeItem(atPath: output)
    try pending.commit()
    #expect(try Checkpoint(path: output).memories.count == 2)
  }

  @Test func isCommittedOnce() throws {
    let pending = try prepare(false, replacing: true)
    try pending.commit()
    let written = try folder.contents("out.safetensors")
    #expect { try pending.commit() } throws: { ($0 as? FormatError)?.kind == .unwritable }
    #expect(try folder.contents("out.safetensors") == written && folder.names() == ["out.safetensors"])
  }

  @Test func errorsNameTheOutput() throws {
    let pending = try base.prepare(memories: [memories[0], memories[0]], to: output)
    #expect { try pending.open() } throws: {
      let error = $0 as? FormatError
      return error?.kind == .manifest && error?.location.hasPrefix("\(output): ") == true
        && error?.description.contains(".tmp") == false
    }
  }
}
