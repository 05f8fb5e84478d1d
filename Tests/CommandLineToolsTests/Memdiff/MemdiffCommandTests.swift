import Foundation
import TestSupport
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
      outcome.output.hasPrefix(
        """
        usage: memdiff A B [--json | --summary | --by-subject]
               memdiff --behavior A B --prompts FILE [--json | --summary]
               memdiff --show FILE [--spec [--step N]]
               memdiff --merge-files BASE A B
               memdiff --install-git [--write]

        Compares the memories that two model files carry and their base tensors, or
        lists the memories of one file.

          A  the old file, patched or not; /dev/null stands for no file
          B  the new file

        """))
    let statuses =
      "exit status:\n  0  no differences\n  1  some differences, or a conflict\n  2  trouble, be it one prompt "
    #expect(outcome.output.hasSuffix(statuses + "that A or B cannot take: the others are compared\n"))
    #expect(outcome.output.split(separator: "\n").allSatisfy { $0.columns <= 80 })
  }

  @Test func sameFilesExitZero() throws {
    let outcome = run(
      MemdiffCommand.self, try patched("a", memory("m")), try patched("b", memory("m")))
    #expect(outcome.status == 0 && outcome.errors.isEmpty)
    #expect(outcome.output == "base same, 0 added, 0 removed, 0 renamed, 0 changed, 1 unchanged\n")
  }

  @Test func differentFilesExitOne() throws {
    let (old, new) = (
      try patched("a", memory("m"), memory("gone", key: 2)), try patched("b", memory("m", boundary: 0.5))
    )
    let outcome = run(MemdiffCommand.self, old, new)
    #expect(outcome.status == 1 && outcome.errors.isEmpty)
    #expect(
      outcome.output == """
        - gone  "The capital city of Nepal is located in" → " Kathmandu"  transformer.h.1.attn.c_proj
        ~ m     boundary 0.25 → 0.5: reaches 2 × as far
        base same, 0 added, 1 removed, 0 renamed, 1 changed, 0 unchanged

        """)
    let summary = run(MemdiffCommand.self, "--summary", old, new)
    #expect(summary.status == 1)
    #expect(summary.output == "base same, 0 added, 1 removed, 0 renamed, 1 changed, 0 unchanged\n")
  }

  @Test func aBaseAndItsPatchedFile() throws {
    let outcome = run(MemdiffCommand.self, base, try patched("a", memory("m")), "--json")
    #expect(outcome.status == 1)
    #expect(
      outcome.output
        == #"{"base":"same","added":["m"],"removed":[],"changed":[],"unchanged":0,"renamed":[],"moved":[],"#
        + #""base_changed":[],"base_tensors":[]}"# + "\n")
  }

  @Test func anotherBaseIsDifferent() throws {
    let outcome = run(MemdiffCommand.self, base, fixture("llama-a"))
    let count = try Checkpoint(path: base).tensors.count + Checkpoint(path: fixture("llama-a")).tensors.count
    #expect(outcome.status == 1)
    let lines = outcome.output.split(separator: "\n").map(String.init)
    #expect(lines.count == 13 && lines[0] == "base tensors:" && lines[11] == "  … and \(count - 10) more")
    #expect(lines[1...10].allSatisfy { $0.hasPrefix("+ ") || $0.hasPrefix("- ") })
    #expect(
      lines[12] == "base different (\(count) tensors), 0 added, 0 removed, 0 renamed, 0 changed, 0 unchanged")
  }

  /// Also in a patched file, which goes on saying that its base is what it was.
  @Test func aChangedWeightIsTold() throws {
    let original = try patched("a", memory("m"))
    let tensor = try #require(Checkpoint(path: original)["transformer.h.1.ln_1.weight"])
    let offset = try tensor.withBytes { bytes in
      try MappedFile(path: original).contents.firstRange(of: Array(bytes))?.lowerBound
    }
    var bytes = try Data(contentsOf: URL(fileURLWithPath: original))
    bytes[try #require(offset) + 9] ^= 1
    try bytes.write(to: URL(fileURLWithPath: folder.file("b")))
    let name = "transformer.h.1.ln_1.weight"
    for old in [base, original] {
      let text = run(MemdiffCommand.self, old, folder.file("b")).output
      #expect(text.contains("~ \(name)  1 of 48 elements differ\n"))
      let json = run(MemdiffCommand.self, old, folder.file("b"), "--json")
      #expect(json.status == 1 && json.output.contains(#""base":"different""#))
      #expect(json.output.contains(#""base_changed":["\#(name)"]"#))
    }
    let layout = #"{"dtype":"F32","shape":[48]}"#
    #expect(
      run(MemdiffCommand.self, original, folder.file("b"), "--json").output.contains(
        #"[{"name":"\#(name)","old":\#(layout),"new":\#(layout),"differing":1}]"#))
  }

  /// The side of a file that is not there, as git's difftool has it.
  @Test func nothingIsComparedToo() throws {
    let file = try patched("a", memory("m"))
    let outcome = run(MemdiffCommand.self, "/dev/null", file)
    #expect(outcome.status == 1 && outcome.errors.isEmpty)
    #expect(outcome.output.contains("\nmemories:\n+ m  \"The capital"))
    #expect(run(MemdiffCommand.self, file, "/dev/null", "--summary").output.contains("0 added, 1 removed"))
    #expect(run(MemdiffCommand.self, "--show", "/dev/null").status == 2)
  }

  @Test func showListsTheMemoriesWhereverTheFileIs() throws {
    let (a, b) = (try patched("a", memory("m"), memory("n")), try patched("b", memory("m"), memory("n")))
    let outcome = run(MemdiffCommand.self, "--show", a)
    #expect(outcome.status == 0)
    #expect(outcome.output == memoryLine(memory("m")) + "\n" + memoryLine(memory("n")) + "\n")
    #expect(outcome.output == run(MemdiffCommand.self, "--show", b).output)
    let count = try Checkpoint(path: base).tensors.count
    #expect(run(MemdiffCommand.self, "--show", base).output == "no memories (\(count) base tensors)\n")
    #expect(run(MemdiffCommand.self, "--show", base).status == 0)
  }

  @Test func aMissingFileExitsTwoWithOneLine() {
    for arguments in [["/no/such/file", base], [base, "/no/such/file"], ["--show", "/no/such/file"]] {
      let outcome = Capture().run(MemdiffCommand.self, arguments)
      #expect(outcome.status == 2 && outcome.output.isEmpty)
      #expect(outcome.errors == "memdiff: /no/such/file: no such file or folder\n")
    }
  }

  @Test func damagedFilesExitTwoWithOneLine() throws {
    let whole = try Data(contentsOf: URL(fileURLWithPath: try patched("a", memory("m"))))
    for (name, bytes) in [("empty", Data()), ("cut", whole.dropLast()), ("text", Data("version 1\n".utf8))] {
      let file = folder.file(name)
      try bytes.write(to: URL(fileURLWithPath: file))
      for arguments in [["--show", file], [base, file], [file, base]] {
        let outcome = Capture().run(MemdiffCommand.self, arguments)
        #expect(outcome.status == 2 && outcome.output.isEmpty && outcome.errorLines.count == 1)
        #expect(outcome.errors.hasPrefix("memdiff: \(file): "))
      }
      // For git it is a line like others, the same wherever the file is.
      let shown = run(MemdiffCommand.self, "--textconv", file)
      #expect(shown.status == 0 && shown.errors.isEmpty && shown.output.hasPrefix("cannot be read: this file: "))
      #expect(shown.output.split(separator: "\n").count == 1)
    }
  }

  @Test func textconvTellsTheBaseToo() throws {
    let file = try patched("a", memory("m"))
    let checkpoint = try Checkpoint(path: file)
    let head = "base of \(checkpoint.tensors.count) tensors  sha256=\(checkpoint.baseHash())\n"
    #expect(run(MemdiffCommand.self, "--textconv", file).output == head + memoryLine(memory("m")) + "\n")
    #expect(run(MemdiffCommand.self, "--textconv", base).output.hasPrefix(head + "no memories"))
  }

  @Test func usageErrorsExitTwo() {
    let cases = [
      ([], "A and B are missing; --show FILE lists the memories of one file"),
      (["a"], "B is missing; --show FILE lists the memories of one file"),
      (["--behavior", "a"], "B is missing"), (["a", "b", "c"], "unexpected argument \"c\""),
      (["a", "b", "--json", "--summary"], "--json and --summary exclude each other"),
      (["--show", "a", "b"], "--show takes one file alone, got \"b\" too"),
      (["--show", "a", "--json"], "--json and --show exclude each other"),
      (["--behavior", "a", "b"], "--prompts FILE is missing: what to run through A and B"),
      (["a", "b", "--prompts", "p"], "--prompts needs --behavior"),
      (["a", "b", "--max-tokens", "3"], "--max-tokens needs --behavior"),
      (
        ["--behavior", "a", "b", "--prompts", "p", "--max-tokens", "0"],
        "--max-tokens: expected a whole number, 1 to 1000000, got \"0\""
      ),
      (["--behavior", "--show", "a"], "--behavior and --show exclude each other"),
      (["--show", "a", "--textconv", "b"], "--textconv and --show exclude each other"),
      (["--install-git", "a"], "--install-git takes no file, got \"a\""),
      (["a", "b", "--write"], "--write needs --install-git"),
      (["a", "b", "--color", "red"], "--color: expected auto or always or never, got \"red\""),
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
