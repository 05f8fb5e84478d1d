import Foundation
import Testing

@testable import CommandLineTools
@testable import Format

/// `rewrite` on files of every condition: statuses, single lines, and what is left on the disk.
@Suite struct RewriteFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  func file(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: folder.file(name)))
    return folder.file(name)
  }

  func spec(_ memories: String = RewriteCommandTests.auto) throws -> String {
    try file("spec-\(UUID().uuidString).json", #"{"memories":[\#(memories)]}"#.utf8)
  }

  /// gpt2-a with the memories "a" and "b" in it.
  func patched() throws -> String {
    let path = folder.file("patched.safetensors")
    try Checkpoint(path: fixture("gpt2-a")).write(memories: [memory("a"), memory("b", key: 2)], to: path)
    return path
  }

  func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
  func contents(_ path: String) throws -> [UInt8] { try MappedFile(path: path).contents }

  /// Status 1, nothing on standard output, one line that has `parts`, and no file but those that were there.
  func expectFailure(_ arguments: [String], status: Int32 = 1, _ parts: String...) throws {
    let before = try names()
    let outcome = Capture().run(RewriteCommand.self, arguments)
    #expect(outcome.status == status, "\(arguments) \(outcome.errors)")
    #expect(outcome.output.isEmpty && outcome.errorLines.count == 1 && outcome.errors.hasSuffix("\n"))
    #expect(outcome.errors.hasPrefix("rewrite: "))
    for part in parts { #expect(outcome.errors.contains(part), "\(part): \(outcome.errors)") }
    #expect(try names() == before)
  }

  @Test func specsThatCannotBeRead() throws {
    let (base, output) = (fixture("gpt2-a"), folder.file("out"))
    try expectFailure([base, "--spec", folder.file("absent.json"), "-o", output], "absent.json: no such file")
    try expectFailure([base, "--spec", folder.path, "-o", output], "not a regular file")
    try expectFailure([base, "--spec", try file("empty", []), "-o", output], "not valid JSON")
    try expectFailure([base, "--spec", try file("bad", "{\"memories\":[}".utf8), "-o", output], "at byte 13")
    try expectFailure([base, "--spec", try file("none", "{\"memories\":[]}".utf8), "-o", output], "memories")
    try expectFailure([base, "--spec", try file("list", "[]".utf8), "-o", output], "not a spec")
    let twice = RewriteCommandTests.auto + "," + RewriteCommandTests.auto
    try expectFailure([base, "--spec", try spec(twice), "-o", output], "memories[1].name", "taken")
    let other = RewriteCommandTests.auto.replacingOccurrences(of: " Tokyo", with: " Nepal").replacingOccurrences(
      of: "\"a\"", with: "\"z\"")
    try expectFailure(
      [base, "--spec", try spec(RewriteCommandTests.auto + "," + other), "-o", output], "different targets")
  }

  @Test func basesThatCannotBeRead() throws {
    let (spec, output) = (try spec(), folder.file("out"))
    let whole = try contents("\(fixture("gpt2-a"))/model.safetensors")
    for (name, bytes) in [
      ("empty", []), ("seven", Array(whole[..<7])), ("cut", Array(whole.dropLast())), ("long", whole + [0]),
      ("text", Array("hello, this is no checkpoint".utf8)), ("gguf", Array("GGUF".utf8)),
    ] {
      try expectFailure([try file(name, bytes), "--spec", spec, "-o", output], "\(name): ")
      try expectFailure([folder.file(name), "--strip", "-o", output], "\(name): ")
      try expectFailure([folder.file(name), "--remove", "a", "-o", output], "\(name): ")
    }
    try expectFailure([try file("line\nbreak", []), "--spec", spec, "-o", output], "line\\nbreak")
    let bare = try file("bare.safetensors", whole)
    try expectFailure([bare, "--spec", spec, "-o", output], "config.json")
    try FileManager.default.copyItem(atPath: "\(fixture("gpt2-a"))/config.json", toPath: folder.file("config.json"))
    try expectFailure([bare, "--spec", spec, "-o", output], "tokenizer.json")
  }

  /// Each byte of the tables counts: a patched file that was changed is refused, not half believed.
  @Test func patchedFilesThatWereChanged() throws {
    let spec = try spec()
    let bytes = try contents(try patched())
    let manifest = try #require(bytes.firstRange(of: Array("\"version\":1".utf8)))
    var changed = bytes
    changed[manifest.upperBound - 1] = UInt8(ascii: "2")
    try expectFailure(
      [try file("changed", changed), "--spec", spec, "-o", folder.file("out")], "memory.manifest", "does not match")
    let key = try #require(bytes.firstRange(of: Array("\"memory.version\":\"1\"".utf8)))
    changed = bytes
    changed[key.upperBound - 2] = UInt8(ascii: "9")
    try expectFailure([try file("later", changed), "--strip", "-o", folder.file("out")], "memory.version", "got 9")
  }

  @Test func outputsThatCannotBe() throws {
    let (base, spec) = (try patched(), try spec())
    let old = try contents(base)
    try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: base)
    try FileManager.default.linkItem(atPath: base, toPath: folder.file("hard"))
    _ = try file("old", "old".utf8)
    for action in [["--spec", spec], ["--remove", "a"], ["--strip"]] {
      for name in ["patched.safetensors", "link", "hard"] {
        try expectFailure([base, "-o", folder.file(name), "--force"] + action, "output and input are the same file")
        try expectFailure([base, "-o", folder.file(name)] + action, "same file")
      }
      try expectFailure([base, "-o", folder.file("old")] + action, "old: exists already (--force replaces it)")
      try expectFailure([base, "-o", folder.file("absent/out"), "--force"] + action, "its folder cannot be written")
      try expectFailure([base, "-o", folder.path, "--force"] + action, "not a regular file")
    }
    #expect(try contents(base) == old && contents(folder.file("old")) == Array("old".utf8))
  }

  @Test func commandLinesThatAreWrong() throws {
    let (base, spec, output) = (try patched(), try spec(), folder.file("out"))
    for dtype in ["f16", "bf16", "f32"] {
      try expectFailure([base, "--spec", spec, "-o", output, "--dtype", dtype], status: 2, "--dtype", "gguf")
      try expectFailure([base, "--strip", "-o", output, "--dtype", dtype], status: 2, "--dtype")
    }
    try expectFailure([base, "--spec", spec], status: 2, "-o FILE is missing")
    try expectFailure([base, "-o", output], status: 2, "--spec FILE is missing")
    try expectFailure([base, "--spec", spec, "--forse", "-o", output], status: 2, "--force", "see rewrite --help")
    try expectFailure([], status: 2, "BASE is missing")
  }

  @Test func removing() throws {
    let base = try patched()
    let old = try contents(base)
    try expectFailure([base, "--remove", "c", "-o", folder.file("out")], "expected a or b, got c")
    try expectFailure([base, "--remove", "a", "--remove", "a", "-o", folder.file("out")], "expected b, got a")
    try expectFailure([fixture("gpt2-a"), "--remove", "a", "-o", folder.file("out")], "a file with memories")
    let dry = run(RewriteCommand.self, base, "--remove", "a", "--dry-run", "-o", folder.file("out"))
    #expect(dry.status == 0 && dry.output == "removed a; 1 memories remain\n" && dry.errors.isEmpty)
    #expect(try names() == ["patched.safetensors"])
    let json = run(RewriteCommand.self, base, "--remove", "a", "--json", "-o", folder.file("out"))
    #expect(json.output == #"{"removed":["a"],"memories":["b"]}"# + "\n")
    let rest = try Checkpoint(path: folder.file("out")).memories
    #expect(try rest.map(\.rows) == [Checkpoint(path: base).memories[1].rows])
    let all = run(RewriteCommand.self, base, "--remove", "a", "--remove", "b", "-o", folder.file("out"), "--force")
    #expect(all.status == 0)
    let empty = try Checkpoint(path: folder.file("out"))
    #expect(empty.memories.isEmpty && empty.companion(.tokenizer) != nil)
    #expect(try empty.baseHash() == Checkpoint(path: base).baseHash() && contents(base) == old)
  }

  @Test func stripping() throws {
    let base = try patched()
    let dry = run(RewriteCommand.self, base, "--strip", "--dry-run")
    #expect(dry.status == 0 && dry.output.hasPrefix("stripped 2 memories"))
    #expect(try names() == ["patched.safetensors"])
    let json = run(RewriteCommand.self, base, "--strip", "--json", "-o", folder.file("out"))
    let count = try Checkpoint(path: fixture("gpt2-a")).tensors.count
    #expect(json.output == #"{"stripped":["a","b"],"tensors":\#(count)}"# + "\n")
    let header = try contents(folder.file("out")).withUnsafeBytes { bytes in
      try SafetensorsHeader(validating: bytes, location: "out")
    }
    #expect(header.tensors.count == count && header.metadata?.map(\.key) == ["format"])
    #expect(try Checkpoint(path: folder.file("out")).baseHash() == Checkpoint(path: fixture("gpt2-a")).baseHash())
  }

  /// Removing and adding in one run; what --force replaces is replaced whole.
  @Test func removingAndAdding() throws {
    let output = try file("out", [UInt8](repeating: 7, count: 2_000_000))
    let arguments = [
      try patched(), "--spec", try spec(), "--remove", "b", "-o", output, "--force", "--json", "--quiet",
    ]
    let outcome = Capture().run(RewriteCommand.self, arguments)
    #expect(outcome.status == 0 && outcome.errors.isEmpty && outcome.output.hasSuffix("}\n"))
    let written = try Checkpoint(path: output)
    #expect(written.memories.map(\.name) == ["a"] && written.memories[0].prompt.hasPrefix("The capital"))
    #expect(written.memories[0].method == "auto")
  }

  /// Every documented field with its type, and totals that are the sums of what stands above them.
  @Test func jsonFields() throws {
    let held = RewriteCommandTests.auto.dropLast() + #","held_out":{"positives":[" the"],"negatives":["Once"]}}"#
    let memories = held + "," + RewriteCommandTests.pinned("")
    let outcome = run(RewriteCommand.self, fixture("llama-b"), "--spec", try spec(memories), "--dry-run", "--json")
    #expect(outcome.status == 0 && outcome.errors.isEmpty)
    #expect(outcome.output.split(separator: "\n", omittingEmptySubsequences: false).count == 2)
    let root = try JSONDocument(Array(outcome.output.utf8), location: "stdout").root
    // Nothing was written, so neither writing nor verifying took any time.
    #expect(root["timings"]?.members.map(\.key.description).suffix(2) == ["link_ms", "evaluate_ms"])
    let list = try #require(root["memories"]).elements
    #expect(list.map { $0["name"]?.string } == ["a", "b"] && list.map { $0["method"]?.string } == ["auto", "seed"])
    #expect(list[1]["site"]?.string == "mlp" && list[1]["layer"]?.int == 1 && list[1]["hardness"]?.double == 3)
    #expect(list[1]["alpha"]?.double == 0.001 && list[1]["boundary"]?.double == 0.3)
    var (holding, of) = ([String: Int](), [String: Int]())
    for memory in list {
      #expect(memory["token"]?.int != nil && memory["rows"]?.elements.isEmpty == false)
      for prompt in try #require(memory["prompts"]).elements {
        #expect(prompt["prompt"]?.string != nil && prompt["before"]?.string != nil && prompt["after"]?.string != nil)
        #expect(prompt["similarity"]?.double != nil && prompt["fired"]?.bool != nil)
        let role = try #require(prompt["role"]?.string)
        let held = role.hasPrefix("held-out") ? "held_out_" : ""
        let key = held + (prompt["positive"]?.bool == true ? "positives" : "negatives")
        of[key, default: 0] += 1
        #expect(prompt["holds"]?.bool != nil)
        if prompt["holds"]?.bool == true { holding[key, default: 0] += 1 }
      }
    }
    #expect(of == ["positives": 3, "negatives": 1, "held_out_positives": 1, "held_out_negatives": 1])
    for (key, count) in of {
      #expect(root["totals"]?[key]?["of"]?.int == count)
      #expect(root["totals"]?[key]?["holding"]?.int == holding[key, default: 0])
    }
  }
}
