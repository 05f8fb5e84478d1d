import Foundation
import TestSupport
import Testing

@testable import CommandLineTools
@testable import Format

/// `rewrite` on files and command lines that are wrong: the status, a single line, nothing left on the disk.
@Suite struct RewriteErrorTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func contents(_ path: String) throws -> [UInt8] { try MappedFile(path: path).contents }

  private static let pinned = SampleSpec.pinned()

  /// The memory, the arguments behind the spec, what the line must say, and the status.
  private static let bad: [(String, String, String, Int32)] = [
    (SampleSpec.pinned(#","layr":1"#), "", "layr", 1), (SampleSpec.pinned(#","layr":1"#), "", "layer", 1),
    (pinned.replacingOccurrences(of: #""layer":1"#, with: #""layer":3"#), "", "0 to 2", 1),
    (pinned.replacingOccurrences(of: "Once upon a time", with: ""), "", "prompt", 1),
    (pinned.replacingOccurrences(of: " Tokyo", with: ""), "", "target", 1),
    (SampleSpec.auto, "--dtype f16", "--dtype", 2), (SampleSpec.auto, "--method fast", "--method", 2),
  ]

  @Test(arguments: bad)
  func saysInOneLine(_ memory: String, _ extra: String, _ part: String, _ status: Int32) throws {
    let output = folder.file("out.safetensors")
    let arguments =
      [fixture("gpt2-a"), "--spec", try folder.spec(memory), "-o", output]
      + extra.split(separator: " ").map(String.init)
    let outcome = Capture().run(RewriteCommand.self, arguments)
    #expect(outcome.status == status && outcome.errorLines.count == 1 && outcome.output.isEmpty)
    #expect(outcome.errors.hasPrefix("rewrite: ") && outcome.errors.contains(part), "\(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: output))
  }

  @Test func refusesFilesInOneLine() throws {
    let spec = try folder.spec()
    let existing = try folder.write("old", to: "existing")
    let base = folder.file("base.safetensors")
    for file in ["model.safetensors", "config.json", "tokenizer.json"] {
      let target = file == "model.safetensors" ? base : folder.file(file)
      try FileManager.default.copyItem(atPath: "\(fixture("gpt2-a"))/\(file)", toPath: target)
    }
    let other = folder.file("other")
    try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: base, toPath: "\(other)/model.safetensors")
    try folder.write(#"{"model_type":"mamba"}"#, to: "other/config.json")
    let misfit = try folder.patched("misfit.safetensors", [misfitting])
    let cases: [(base: String, output: String, part: String)] = [
      (folder.file("absent"), "out", "no such file"), (folder.path + "/other/..", "out", "holds no checkpoint"),
      (other, "out", "the nearest of which is gpt2, got"), (base, existing, "--force"),
      (misfit, "out", "expected width 48"),
    ]
    for (base, output, part) in cases {
      let output = output.hasPrefix("/") ? output : folder.file(output)
      let outcome = run(RewriteCommand.self, base, "--spec", spec, "-o", output)
      #expect(outcome.status == 1 && outcome.errorLines.count == 1, "\(outcome.errors)")
      #expect(outcome.errors.contains(part), "\(outcome.errors)")
    }
    let same = run(RewriteCommand.self, base, "--spec", spec, "-o", base, "--force")
    #expect(same.status == 1 && same.errors.contains("same file"))
    #expect(try String(contentsOfFile: existing, encoding: .utf8) == "old")
    #expect(!FileManager.default.fileExists(atPath: folder.file("out")))
  }

  /// A memory whose rows are a number too wide for gpt2-a.
  private var misfitting: Memory {
    var result = memory("m")
    result.rows[0].key.append(1)
    result.rows[0].delta.append(1)
    return result
  }

  @Test func specsThatCannotBeRead() throws {
    let (base, output) = (fixture("gpt2-a"), folder.file("out"))
    try folder.expectRewriteFails(
      [base, "--spec", folder.file("absent.json"), "-o", output], "absent.json: no such file")
    try folder.expectRewriteFails([base, "--spec", folder.path, "-o", output], "not a regular file")
    try folder.expectRewriteFails([base, "--spec", try folder.write([], to: "empty"), "-o", output], "not valid JSON")
    try folder.expectRewriteFails(
      [base, "--spec", try folder.write("{\"memories\":[}", to: "bad"), "-o", output], "at byte 13")
    try folder.expectRewriteFails(
      [base, "--spec", try folder.write("{\"memories\":[]}", to: "none"), "-o", output], "memories")
    try folder.expectRewriteFails([base, "--spec", try folder.write("[]", to: "list"), "-o", output], "not a spec")
    let twice = SampleSpec.auto + "," + SampleSpec.auto
    try folder.expectRewriteFails([base, "--spec", try folder.spec(twice), "-o", output], "memories[1].name", "taken")
    let other = SampleSpec.auto.replacingOccurrences(of: " Tokyo", with: " Nepal").replacingOccurrences(
      of: "\"a\"", with: "\"z\"")
    try folder.expectRewriteFails(
      [base, "--spec", try folder.spec(SampleSpec.auto + "," + other), "-o", output], "different targets")
  }

  @Test func basesThatCannotBeRead() throws {
    let (spec, output) = (try folder.spec(), folder.file("out"))
    let whole = try contents("\(fixture("gpt2-a"))/model.safetensors")
    for (name, bytes) in [
      ("empty", []), ("seven", Array(whole[..<7])), ("cut", Array(whole.dropLast())), ("long", whole + [0]),
      ("text", Array("hello, this is no checkpoint".utf8)), ("gguf", Array("GGUF".utf8)),
    ] {
      try folder.expectRewriteFails([try folder.write(bytes, to: name), "--spec", spec, "-o", output], "\(name): ")
      try folder.expectRewriteFails([folder.file(name), "--strip", "-o", output], "\(name): ")
      try folder.expectRewriteFails([folder.file(name), "--remove", "a", "-o", output], "\(name): ")
    }
    try folder.expectRewriteFails(
      [try folder.write([], to: "line\nbreak"), "--spec", spec, "-o", output], "line\\nbreak")
    let bare = try folder.write(whole, to: "bare.safetensors")
    try folder.expectRewriteFails([bare, "--spec", spec, "-o", output], "config.json")
    try FileManager.default.copyItem(atPath: "\(fixture("gpt2-a"))/config.json", toPath: folder.file("config.json"))
    try folder.expectRewriteFails([bare, "--spec", spec, "-o", output], "tokenizer.json")
  }

  /// Each byte of the tables counts: a patched file that was changed is refused, not half believed.
  @Test func patchedFilesThatWereChanged() throws {
    let spec = try folder.spec()
    let bytes = try contents(try folder.patched())
    let manifest = try #require(bytes.firstRange(of: Array("\"version\":1".utf8)))
    var changed = bytes
    changed[manifest.upperBound - 1] = UInt8(ascii: "2")
    try folder.expectRewriteFails(
      [try folder.write(changed, to: "changed"), "--spec", spec, "-o", folder.file("out")], "memory.manifest",
      "does not match")
    let key = try #require(bytes.firstRange(of: Array("\"memory.version\":\"1\"".utf8)))
    changed = bytes
    changed[key.upperBound - 2] = UInt8(ascii: "9")
    try folder.expectRewriteFails(
      [try folder.write(changed, to: "later"), "--strip", "-o", folder.file("out")], "memory.version", "got 9")
  }

  @Test func outputsThatCannotBe() throws {
    let (base, spec) = (try folder.patched(), try folder.spec())
    let old = try contents(base)
    try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: base)
    try FileManager.default.linkItem(atPath: base, toPath: folder.file("hard"))
    _ = try folder.write("old", to: "old")
    for action in [["--spec", spec], ["--remove", "a"], ["--strip"]] {
      for name in ["patched.safetensors", "link", "hard"] {
        try folder.expectRewriteFails(
          [base, "-o", folder.file(name), "--force"] + action, "output and input are the same file")
        try folder.expectRewriteFails([base, "-o", folder.file(name)] + action, "same file")
      }
      try folder.expectRewriteFails(
        [base, "-o", folder.file("old")] + action, "old: exists already (--force replaces it)")
      try folder.expectRewriteFails(
        [base, "-o", folder.file("absent/out"), "--force"] + action, "its folder cannot be written")
      try folder.expectRewriteFails([base, "-o", folder.path, "--force"] + action, "not a regular file")
    }
    #expect(try contents(base) == old && folder.contents("old") == Array("old".utf8))
  }

  @Test func commandLinesThatAreWrong() throws {
    let (base, spec, output) = (try folder.patched(), try folder.spec(), folder.file("out"))
    for dtype in ["f16", "bf16", "f32"] {
      try folder.expectRewriteFails(
        [base, "--spec", spec, "-o", output, "--dtype", dtype], status: 2, "--dtype", "gguf")
      try folder.expectRewriteFails([base, "--strip", "-o", output, "--dtype", dtype], status: 2, "--dtype")
    }
    try folder.expectRewriteFails([base, "--spec", spec], status: 2, "-o FILE is missing")
    try folder.expectRewriteFails([base, "-o", output], status: 2, "--spec FILE is missing")
    try folder.expectRewriteFails(
      [base, "--spec", spec, "--forse", "-o", output], status: 2, "--force", "see rewrite --help")
    try folder.expectRewriteFails([], status: 2, "BASE is missing")
  }
}
