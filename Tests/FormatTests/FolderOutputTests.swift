import Foundation
import TestSupport
import Testing

@testable import Format

/// Folders that replace only their like.
@Suite struct FolderOutputTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func write(_ names: [String], to path: String, replacing: Bool = false) throws {
    let objection: ([String]) -> String? = { names in
      names.first { !$0.hasSuffix(".csv") }.map { "holds \"\($0)\"" }
    }
    try FolderOutput(at: path, objection: replacing ? objection : nil).write(names.map { (name: $0, text: "of \($0)") })
  }

  private func names(_ path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).sorted()
  }

  @Test(arguments: ["figures", "figures/", "figures///"])
  func writesANewFolder(name: String) throws {
    try write(["a.csv", "b.csv"], to: folder.file(name))
    #expect(try names(folder.file("figures")) == ["a.csv", "b.csv"] && folder.names() == ["figures"])
    #expect(try String(contentsOfFile: folder.file("figures/b.csv"), encoding: .utf8) == "of b.csv")
  }

  /// What is there goes only where that was asked for, and only files of the same kind.
  @Test func replacesOnlyItsOwn() throws {
    let path = folder.file("figures")
    try write(["a.csv", "b.csv"], to: path)
    #expect(throws: FormatError.exists(path)) { try write(["c.csv"], to: path) }
    try write(["c.csv"], to: path, replacing: true)
    #expect(try names(path) == ["c.csv"] && folder.names() == ["figures"])
    try Data("mine".utf8).write(to: URL(fileURLWithPath: path + "/thesis.txt"))
    let error = #expect(throws: FormatError.self) { try write(["d.csv"], to: path, replacing: true) }
    #expect(error?.problem == "is not replaced: it holds \"thesis.txt\"" && error?.location == path)
    #expect(try names(path) == ["c.csv", "thesis.txt"] && folder.names() == ["figures"])
  }

  @Test func whatIsNoFolderStays() throws {
    let (file, link) = (folder.file("file"), folder.file("link"))
    try Data("mine".utf8).write(to: URL(fileURLWithPath: file))
    try write(["a.csv"], to: folder.file("target"))
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.file("target"))
    for path in [file, link, link + "/"] {
      let error = #expect(throws: FormatError.self) { try write(["b.csv"], to: path, replacing: true) }
      #expect(error?.kind == .unwritable && error?.problem == "not a folder")
    }
    #expect(try names(folder.file("target")) == ["a.csv"] && folder.names() == ["file", "link", "target"])
  }

  /// A file that cannot be written leaves nothing behind.
  @Test func appearsWholeOrNotAtAll() throws {
    let error = #expect(throws: FormatError.self) { try write(["a.csv", "no/such.csv"], to: folder.file("figures")) }
    #expect(error?.location == folder.file("figures") + "/no/such.csv")
    #expect(try folder.names().isEmpty)
    let gone = #expect(throws: FormatError.self) { try write(["a.csv"], to: folder.file("gone/figures")) }
    #expect(gone?.kind == .unwritable && gone?.problem.contains("the folder around it cannot be written") == true)
  }

  /// A folder that a killed process left goes; those of other outputs stay.
  @Test func removesWhatWasAbandoned() throws {
    for name in [".figures.4000000-0.tmp", ".figures.4000000-1.tmp", ".figures.mine.tmp", ".other.4000000.tmp"] {
      try FileManager.default.createDirectory(atPath: folder.file(name), withIntermediateDirectories: false)
      try Data("rest".utf8).write(to: URL(fileURLWithPath: folder.file(name) + "/a.csv"))
    }
    try write(["a.csv"], to: folder.file("figures"))
    #expect(try folder.names() == [".figures.mine.tmp", ".other.4000000.tmp", "figures"])
  }
}
