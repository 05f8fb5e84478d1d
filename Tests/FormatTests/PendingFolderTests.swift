import Foundation
import Testing

@testable import Format

/// Folders that appear whole or not at all.
@Suite struct PendingFolderTests {
  private let folder: TemporaryFolder
  private let out: String

  init() throws {
    folder = try TemporaryFolder()
    out = folder.file("out")
  }

  private func fill(_ pending: PendingFolder, _ text: String) throws {
    try writeFile(Array(text.utf8), to: pending.path(of: "a"))
  }

  @Test func anUncommittedFolderIsGone() throws {
    try fill(PendingFolder(at: out), "new")
    #expect(try folder.names() == [])
  }

  @Test func replacing() throws {
    for text in ["old", "new"] {
      let pending = try PendingFolder(at: out)
      try fill(pending, text)
      try pending.commit(replacing: true)
      #expect(try folder.names().contains("out") && folder.contents("out/a") == Array(text.utf8))
    }
    #expect(try folder.names() == ["out"])
    let pending = try PendingFolder(at: out)
    try fill(pending, "newer")
    #expect(throws: FormatError(.exists, out, "exists already (--force replaces it)")) {
      try pending.commit(replacing: false)
    }
    #expect(try folder.contents("out/a") == Array("new".utf8))
  }

  /// What a killed process left is removed; what another one is at work on is not.
  @Test func abandonedFolders() throws {
    let left = folder.file(".out.4194305-0.tmp")
    try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: false)
    try folder.write("half", to: ".out.4194305-0.tmp/a")
    let first = try PendingFolder(at: out)
    #expect(try folder.names().count == 1)
    let second = try PendingFolder(at: out)
    #expect(try folder.names().count == 2)
    try fill(first, "first")
    try fill(second, "second")
    try first.commit(replacing: false)
    try second.commit(replacing: true)
    #expect(try folder.contents("out/a") == Array("second".utf8))
  }
}
