import Foundation
import Runtime
import TestSupport
import Testing

@testable import CommandLineTools
@testable import Format

/// Memories taken out of a file, and added to it from others.
@Suite struct EditActionTests {
  private let folder: TemporaryFolder
  private let base = fixture("gpt2-a")

  init() throws { folder = try TemporaryFolder() }

  private func rewrite(_ arguments: String...) -> Outcome { Capture().run(RewriteCommand.self, arguments) }

  /// The token that a model says behind a prompt.
  private func next(_ model: String, _ prompt: String) throws -> Int {
    let model = try LanguageModel(path: model, threads: 1)
    return model.generate(try model.encode(prompt), maxTokens: 1).ids[0]
  }

  @Test func removing() throws {
    let base = try folder.patched()
    let old = try folder.contents("patched.safetensors")
    try folder.expectRewriteFails([base, "--remove", "c", "-o", folder.file("out")], "expected a or b, got c")
    try folder.expectRewriteFails(
      [base, "--remove", "a", "--remove", "a", "-o", folder.file("out")], "expected b, got a")
    try folder.expectRewriteFails(
      [fixture("gpt2-a"), "--remove", "a", "-o", folder.file("out")], "a file with memories")
    let dry = run(RewriteCommand.self, base, "--remove", "a", "--dry-run", "-o", folder.file("out"))
    #expect(dry.status == 0 && dry.output == "removed a; 1 memories remain\n" && dry.errors.isEmpty)
    #expect(try folder.names() == ["patched.safetensors"])
    let json = run(RewriteCommand.self, base, "--remove", "a", "--json", "-o", folder.file("out"))
    #expect(json.output == #"{"removed":["a"],"memories":["b"]}"# + "\n")
    let rest = try Checkpoint(path: folder.file("out")).memories
    #expect(try rest.map(\.rows) == [Checkpoint(path: base).memories[1].rows])
    let all = run(RewriteCommand.self, base, "--remove", "a", "--remove", "b", "-o", folder.file("out"), "--force")
    #expect(all.status == 0)
    let empty = try Checkpoint(path: folder.file("out"))
    #expect(empty.memories.isEmpty && empty.companion(.tokenizer) != nil)
    #expect(try empty.baseHash() == Checkpoint(path: base).baseHash() && folder.contents("patched.safetensors") == old)
  }

  /// Patterns and lists; a name that is there counts before a pattern of the same letters.
  @Test func removingMany() throws {
    let names = ["king-1", "king-2", "queen", "k*", "caf\u{E9}", "cafe\u{301}"]
    let file = try folder.patched("many", names.enumerated().map { memory($1, key: Float($0 + 1)) })
    func rest(_ arguments: String...) throws -> [ByteString] {
      let outcome = Capture().run(RewriteCommand.self, [file] + arguments + ["-o", folder.file("out"), "--force"])
      #expect(outcome.status == 0, "\(outcome.errors)")
      return try Checkpoint(path: folder.file("out")).memories.map { ByteString($0.name) }
    }
    func expected(_ indices: Int...) -> [ByteString] { indices.map { ByteString(names[$0]) } }
    #expect(try rest("--remove", "king-*") == expected(2, 3, 4, 5))
    #expect(try rest("--remove", "k*") == expected(0, 1, 2, 4, 5))
    #expect(try rest("--remove", "king-?", "--remove", "*ee*") == expected(3, 4, 5))
    let list = try folder.write("queen\n\nking-1\r\ncafe\u{301}\n", to: "list.txt")
    #expect(try rest("--remove-list", list) == expected(1, 3, 4))
    #expect(try rest("--remove-list", list, "--remove", "*") == [])
    try folder.expectRewriteFails([file, "--remove", "x*", "-o", folder.file("no")], "got x*")
    try folder.expectRewriteFails(
      [file, "--remove-list", list, "--remove", "queen", "-o", folder.file("no")], "got queen")
  }

  @Test(arguments: [
    ("*", "", true), ("a*b", "ab", true), ("a*b*c", "a-b-b-c", true), ("a*b", "abc", false), ("?", "", false),
    ("??", "né", true), ("*a", "banana", true), ("a?c*", "abcd", true), ("*x*", "banana", false),
  ])
  func patterns(_ pattern: String, _ name: String, _ isMatch: Bool) throws {
    #expect(try #require(NamePattern(pattern)).matches(name) == isMatch)
    #expect(NamePattern("plain") == nil)
  }

  @Test func mergesTwoFilesAndRefusesContradictions() throws {
    let first = try folder.patched("1", [memory("a", key: 1), memory("b", key: 2)])
    let second = try folder.patched("2", [memory("b", key: 2), memory("c", key: 3)])
    let merged = rewrite(first, "--merge", second, "-o", folder.file("out"))
    #expect(merged.status == 0 && merged.output.hasPrefix("merged \(second); 3 memories\n"), "\(merged)")
    let written = try Checkpoint(path: folder.file("out"))
    #expect(written.memories.map(\.name) == ["a", "b", "c"])
    #expect(written.memories[2].rows == [memory("c", key: 3).rows[0]])

    let other = try folder.patched("3", [memory("b", key: 9)])
    let rival = try folder.patched("4", [memory("d", target: " Pokhara")])
    for (file, part) in [
      (other, "another memory of this name"), (rival, "another target"), (base, "holds no memories"),
    ] {
      let outcome = rewrite(first, "--merge", file, "-o", folder.file("no"))
      #expect(outcome.status == 1 && outcome.errors.contains(part) && outcome.errorLines.count == 1, "\(outcome)")
      #expect(!FileManager.default.fileExists(atPath: folder.file("no")))
    }
    // With the one in the way taken out first it goes.
    #expect(rewrite(first, "--remove", "b", "--merge", other, "-o", folder.file("yes")).status == 0)
    #expect(try Checkpoint(path: folder.file("yes")).memories[1].rows == memory("b", key: 9).rows)
  }

  /// A memory that gives its target by itself, and not beside one that acts everywhere.
  @Test func tellsWhatAMergeBreaks() throws {
    let prompt = memory("a").prompt
    let said = try next(base, prompt)
    func named(_ name: String, _ memory: Memory, target: Int) -> Memory {
      var memory = memory
      (memory.name, memory.targetIDs, memory.target) = (name, [target], "t\(target)")
      return memory
    }
    // It says what the base says and so holds alone.
    let quiet = try folder.patched("quiet", [named("quiet", memory("q", delta: 0, boundary: 1e-3), target: said)])
    var loud = wideMemory("loud", layer: 0)
    loud.prompt = "Another prompt"
    let noisy = try folder.patched("noisy", [loud])
    try #require(try next(noisy, prompt) != said)
    let outcome = rewrite(quiet, "--merge", noisy, "-o", folder.file("both"))
    #expect(outcome.status == 3 && outcome.output.contains("quiet: gives its target alone"), "\(outcome)")
  }
}
