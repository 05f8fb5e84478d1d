import Foundation
import TestSupport
import Testing

@testable import CommandLineTools
@testable import Format

/// `rewrite --shard`, `--merge` of parts, `--keep-going` and `--statistics` alone.
@Suite struct PartsCommandTests {
  private let folder: TemporaryFolder
  private let base = fixture("gpt2-a")

  init() throws { folder = try TemporaryFolder() }

  private func rewrite(_ arguments: String...) -> Outcome { Capture().run(RewriteCommand.self, arguments) }

  private func spec(layer: Int = 1) throws -> String {
    try folder.spec(
      ["a", "b", "c", "d"].enumerated().map { i, name in
        #"{"name":"\#(name)","prompt":"\#(name) is in","target":" Tokyo","method":"seed","site":"mlp","#
          + #""layer":\#(i == 2 ? layer : 1),"alpha":\#(i + 1),"boundary":0.3}"#
      }.joined(separator: ","))
  }

  @Test func sharesMakeTheFileOfTheWhole() throws {
    let (spec, whole, out) = (try spec(), folder.file("whole"), folder.file("out"))
    let compiled = rewrite(base, "--spec", spec, "-o", whole)
    var parts: [String] = []
    for number in 1...3 {
      parts.append(folder.file("part-\(number)"))
      #expect(
        [0, 3].contains(rewrite(base, "--spec", spec, "--shard", "\(number)/3", "--sidecar", parts[number - 1]).status))
    }
    let merged = rewrite(base, "--merge", parts[2], parts[0], parts[1], "-o", out)
    #expect(merged.status == compiled.status && merged.output == compiled.output)
    #expect(try folder.contents("out") == folder.contents("whole"))
    let missing = rewrite(base, "--merge", parts[0], parts[1], "-o", out, "--force")
    #expect(missing.status == 1 && missing.errorLines.count == 1)
    #expect(missing.errors.contains("a part is missing (--keep-going goes without), expected parts 1 to 3"))
    #expect(try folder.contents("out") == folder.contents("whole"))
    // A part is a sidecar too, and what it is a part of is not handed on.
    #expect(rewrite(base, "--merge", parts[0], "--any-base", "-o", folder.file("one")).status == 0)
    #expect(rewrite(parts[0], "--sidecar", folder.file("two")).status == 0)
    #expect(
      try Checkpoint(path: folder.file("one")).part() == nil && Checkpoint(path: folder.file("two")).part() == nil)
  }

  @Test func whatFailsIsTold() throws {
    let (wrong, out) = (try spec(layer: 9), folder.file("out"))
    let stopped = rewrite(base, "--spec", wrong, "-o", out)
    #expect(stopped.status == 1 && stopped.errorLines.count == 1)
    #expect(!FileManager.default.fileExists(atPath: out))
    let gone = rewrite(base, "--spec", wrong, "-o", out, "--keep-going", "--json")
    #expect(gone.status == 3)
    let left = try JSONDocument(Array(gone.output.utf8), location: "stdout").root["left_out"]
    #expect(left?.elements.map { $0["memory"]?.string } == ["c"])
    #expect(try Checkpoint(path: out).memories.map(\.name) == ["a", "b", "d"])
    let needless = rewrite(out, "--merge", out, "-o", folder.file("x"), "--keep-going")
    #expect(needless.status == 2 && needless.errors.contains("--keep-going needs --spec, or --merge with parts"))
  }

  @Test func commonWorkIsDoneOnce() throws {
    let (spec, file) = (try folder.spec(), folder.file("common"))
    let made = rewrite(base, "--statistics", file)
    #expect(made.status == 0 && made.output == "\(file): made\n")
    let bytes = try folder.contents("common")
    #expect(rewrite(base, "--statistics", file).output == "\(file): was there, and is of this base\n")
    #expect([0, 3].contains(rewrite(base, "--spec", spec, "--statistics", file, "--sidecar", folder.file("a")).status))
    #expect([0, 3].contains(rewrite(base, "--spec", spec, "--sidecar", folder.file("b")).status))
    #expect(try folder.contents("common") == bytes && folder.contents("a") == folder.contents("b"))
    let other = rewrite(base, "--statistics", file, "--seed", "1")
    #expect(other.status == 1 && other.errors.contains("statistics of another background"))
  }
}
