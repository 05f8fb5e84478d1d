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
