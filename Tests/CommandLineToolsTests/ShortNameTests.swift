import Foundation
import TestSupport
import Testing

@testable import Format

/// Files whose names are one character, as a user gives them: relative to the current folder.
@Suite struct ShortNameTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    for (file, name) in [
      ("model.safetensors", "m"), ("config.json", "config.json"), ("tokenizer.json", "tokenizer.json"),
    ] {
      try FileManager.default.copyItem(atPath: "\(fixture("gpt2-a"))/\(file)", toPath: folder.file(name))
    }
  }

  /// The status of a program that runs in the folder, as waitpid(2) gives it.
  private func run(_ program: String, _ arguments: String...) throws -> Int32 {
    let path = try ChildProcess.path(of: program)
    let words = ["/bin/sh", "-c", #"cd "$0" && exec "$@""#, folder.path, path] + arguments
    return waitForEnd(of: try spawn(words, streams: [.nothingToRead, .discarded]))
  }

  @Test func programsTakeThem() throws {
    try folder.write(try String(contentsOfFile: folder.spec(SampleSpec.pinned()), encoding: .utf8), to: "s")
    #expect(try run("rewrite", "m", "--spec", "s", "-o", "o", "--report", "r") == 0)
    #expect(try run("rewrite", "o", "--strip", "-o", "é") == 0)
    #expect(try run("memdiff", "m", "é") == 0)
    #expect(try run("run", "o", "x", "--max-tokens", "1") == 0)
    #expect(try folder.contents("é") == folder.contents("m"))
  }

  @Test(arguments: [
    ("o", "", "o"), ("a/b", "a", "b"), ("/a", "/", "a"), ("a/", "", "a"), ("/", "/", "/"), ("a//b//", "a", "b"),
    ("", "", ""),
    ("é/\u{301}x", "é", "\u{301}x"), ("//", "/", "/"), ("//a", "/", "a"),
  ])
  func paths(_ path: String, _ folder: String, _ name: String) {
    #expect(SplitPath(path).folder == folder && SplitPath(path).name == name)
  }
}
