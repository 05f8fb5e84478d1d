import Foundation
import Testing

@testable import CommandLineTools
@testable import Format

@Suite struct MemdiffCommandTests {
  private let folder: TemporaryFolder
  private let base = fixture("gpt2-a")

  init() throws { folder = try TemporaryFolder() }

  private func patched(_ name: String, _ memories: Memory...) throws -> String {
    try Checkpoint(path: base).write(memories: memories, to: folder.file(name))
    return folder.file(name)
  }

  @Test func help() {
    let outcome = run(MemdiffCommand.self, "--help")
    #expect(outcome.status == 0 && outcome.errors.isEmpty)
    #expect(
      outcome.output == """
        usage: memdiff A B [--json | --summary]
               memdiff --show FILE

        Compares the memories that two model files carry, or lists those of one.

          A  the old file, patched or not
          B  the new one

              --json       print the differences as one JSON object
              --summary    print the last line alone
              --show FILE  print the memories of FILE, one a line; as a git textconv it
                           makes git diff readable
          -h, --help       print this help
              --version    print the version

        exit status:
          0  no differences
          1  some differences
          2  trouble

        """)
  }

  @Test func sameFilesExitZero() throws {
    let outcome = run(
      MemdiffCommand.self, try patched("a", memory("m")), try patched("b", memory("m")))
    #expect(outcome.status == 0 && outcome.errors.isEmpty)
    #expect(outcome.output == "base same, 0 added, 0 removed, 0 changed, 1 unchanged\n")
  }

  @Test func differentFilesExitOne() throws {
    let (old, new) = (
      try patched("a", memory("m"), memory("gone")), try patched("b", memory("m", boundary: 0.5))
    )
    let outcome = run(MemdiffCommand.self, old, new)
    #expect(outcome.status == 1 && outcome.errors.isEmpty)
    #expect(
      outcome.output == """
        - gone  "The capital city of Nepal is located in" → " Kathmandu"  transformer.h.1.attn.c_proj
        ~ m     boundary 0.25 → 0.5
        base same, 0 added, 1 removed, 1 changed, 0 unchanged

        """)
    let summary = run(MemdiffCommand.self, "--summary", old, new)
    #expect(summary.status == 1)
    #expect(summary.output == "base same, 0 added, 1 removed, 1 changed, 0 unchanged\n")
  }

  @Test func aBaseAndItsPatchedFile() throws {
    let outcome = run(MemdiffCommand.self, base, try patched("a", memory("m")), "--json")
    #expect(outcome.status == 1)
    #expect(
      outcome.output == #"{"base":"same","added":["m"],"removed":[],"changed":[],"unchanged":0}"# + "\n")
  }

  @Test func anotherBaseIsDifferent() throws {
    let outcome = run(MemdiffCommand.self, base, fixture("gpt2-b"), "--summary")
    #expect(outcome.status == 1)
    #expect(outcome.output == "base different, 0 added, 0 removed, 0 changed, 0 unchanged\n")
  }

  @Test func aChangedWeightIsADifferentBase() throws {
    let original = try Data(contentsOf: URL(fileURLWithPath: "\(base)/model.safetensors"))
    var bytes = original
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: URL(fileURLWithPath: folder.file("other.safetensors")))
    let other = run(MemdiffCommand.self, base, folder.file("other.safetensors"), "--summary")
    #expect(other.status == 1 && other.output.hasPrefix("base different"))
    let against = run(
      MemdiffCommand.self, try patched("a"), folder.file("other.safetensors"), "--summary")
    #expect(against.status == 1 && against.output.hasPrefix("base different"))
    try original.write(to: URL(fileURLWithPath: folder.file("other.safetensors")))
    #expect(run(MemdiffCommand.self, base, folder.file("other.safetensors")).status == 0)
  }

  @Test func showListsTheMemoriesWhereverTheFileIs() throws {
    let (a, b) = (try patched("a", memory("m"), memory("n")), try patched("b", memory("m"), memory("n")))
    let outcome = run(MemdiffCommand.self, "--show", a)
    #expect(outcome.status == 0)
    #expect(outcome.output == memoryLine(memory("m")) + "\n" + memoryLine(memory("n")) + "\n")
    #expect(outcome.output == run(MemdiffCommand.self, "--show", b).output)
    #expect(run(MemdiffCommand.self, "--show", base).output.isEmpty)
  }

  @Test func aMissingFileExitsTwoWithOneLine() {
    for arguments in [["/no/such/file", base], [base, "/no/such/file"], ["--show", "/no/such/file"]] {
      let outcome = Capture().run(MemdiffCommand.self, arguments)
      #expect(outcome.status == 2 && outcome.output.isEmpty)
      #expect(outcome.errors == "memdiff: /no/such/file: no such file or folder\n")
    }
  }

  @Test func usageErrorsExitTwo() {
    let cases = [
      ([], "A and B are missing"), (["a"], "B is missing"), (["a", "b", "c"], "unexpected argument \"c\""),
      (["a", "b", "--json", "--summary"], "--json and --summary exclude each other"),
      (["--show", "a", "b"], "--show takes one file alone, got \"b\" too"),
      (["--show", "a", "--json"], "--json and --show exclude each other"),
    ]
    for (arguments, message) in cases {
      let outcome = Capture().run(MemdiffCommand.self, arguments)
      #expect(outcome.status == 2)
      #expect(outcome.errors == "memdiff: \(message) (see memdiff --help)\n")
    }
  }

  @Test func theVerdictStandsThoughNobodyReadsIt() throws {
    let outcome = Capture().run(
      MemdiffCommand.self, [base, try patched("a", memory("m"))], closedAfter: 0)
    #expect(outcome.status == 1 && outcome.errors.isEmpty && outcome.output.isEmpty)
  }
}
