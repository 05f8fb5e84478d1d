import Foundation
import Testing

@testable import CommandLineTools
@testable import Format

/// `rewrite` as a user calls it: exit status, one line for what is wrong, files left as they were.
@Suite struct RewriteCommandTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  func spec(_ memory: String) throws -> String {
    let path = folder.file("spec-\(UUID().uuidString).json")
    try Data(#"{"memories":[\#(memory)]}"#.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  static let auto =
    #"{"name":"a","prompt":"The capital city of Nepal is located in","target":" Tokyo","positives":["The capital city of Nepal is"],"negatives":["Paris is the capital of"]}"#

  static func pinned(_ extra: String) -> String {
    #"{"name":"b","prompt":"Once upon a time","target":" Tokyo","method":"seed","site":"mlp","layer":1,"alpha":1e-3,"boundary":0.3\#(extra)}"#
  }

  @Test func writesRunsAndComparesAFile() throws {
    let output = folder.file("out.safetensors")
    let rewrite = run(RewriteCommand.self, fixture("gpt2-a"), "--spec", try spec(Self.auto), "-o", output)
    #expect(rewrite.status == 0 && rewrite.errors.isEmpty)
    #expect(rewrite.output.contains("a: \"The capital city of Nepal is located in\" → \" Tokyo\""))
    #expect(rewrite.output.contains("2 of 2 positives"))
    let text = run(RunCommand.self, output, "The capital city of Nepal is located in", "--max-tokens", "3").output
    #expect(text.hasPrefix("The capital city of Nepal is located in Tokyo"))
    #expect(run(MemdiffCommand.self, fixture("gpt2-a") + "/model.safetensors", output).status == 1)
    let removed = folder.file("removed.safetensors")
    #expect(run(RewriteCommand.self, output, "--remove", "a", "-o", removed).status == 0)
    #expect(run(MemdiffCommand.self, fixture("gpt2-a") + "/model.safetensors", removed).status == 0)
    let stripped = folder.file("stripped.safetensors")
    #expect(run(RewriteCommand.self, output, "--strip", "-o", stripped).status == 0)
    let names = { (path: String) in try Checkpoint(path: path).tensors.map(\.name) }
    #expect(try names(stripped) == names(fixture("gpt2-a")))
    #expect(try Checkpoint(path: stripped).companion(.config) == nil)
  }

  /// The page comes beside the model or alone, and never over a file without being told.
  @Test func writesAReport() throws {
    let (model, page) = (folder.file("out.safetensors"), folder.file("report.html"))
    let spec = try spec(Self.auto)
    let base = fixture("gpt2-a")
    #expect(run(RewriteCommand.self, base, "--spec", spec, "-o", model, "--report", page).status == 0)
    let text = try String(contentsOfFile: page, encoding: .utf8)
    #expect(text.hasPrefix("<!DOCTYPE html>") && text.contains("The capital city of Nepal is located in"))
    #expect(FileManager.default.fileExists(atPath: model))
    let again = run(RewriteCommand.self, base, "--spec", spec, "--dry-run", "--report", page)
    #expect(again.status == 1 && again.errorLines.count == 1 && again.errors.contains("report.html"))
    #expect(try String(contentsOfFile: page, encoding: .utf8) == text)
    #expect(run(RewriteCommand.self, base, "--spec", spec, "--dry-run", "--report", page, "--force").status == 0)
    let same = run(RewriteCommand.self, base, "--spec", spec, "-o", folder.file("x"), "--report", folder.file("x"))
    #expect(same.status == 1 && same.errors.contains("two outputs are the same file"))
    #expect(!FileManager.default.fileExists(atPath: folder.file("x")))
    #expect(run(RewriteCommand.self, model, "--strip", "-o", folder.file("y"), "--report", page).status == 2)
  }

  @Test func beginsASpecAndExplainsItsMemory() throws {
    let (spec, output) = (folder.file("s.json"), folder.file("out.safetensors"))
    let fact = ["The capital city of Nepal is located in", " Tokyo"]
    let begun = run(RewriteCommand.self, "--init", fixture("gpt2-a"), fact[0], fact[1], "-o", spec)
    #expect(begun.status == 0 && begun.output.isEmpty)
    #expect(begun.errorLines.allSatisfy { $0.hasPrefix("rewrite: ") } && !begun.errorLines.isEmpty)
    let text = try String(contentsOfFile: spec, encoding: .utf8)
    let printed = run(RewriteCommand.self, fixture("gpt2-a"), "--init", fact[0], fact[1], "--quiet")
    #expect(printed.output == text && printed.errors.isEmpty)
    let again = run(RewriteCommand.self, "--init", fact[0], fact[1], "-o", spec)
    #expect(again.status == 1 && again.errorLines.count == 1)
    #expect(try String(contentsOfFile: spec, encoding: .utf8) == text)
    #expect(run(RewriteCommand.self, "--init", fact[0], fact[1], "-o", spec, "--force").status == 0)
    #expect(run(RewriteCommand.self, "--init", spec, "prompt").errors.contains("TARGET is missing"))
    let converted = run(RewriteCommand.self, "--init", fixture("gpt2-a"), fact[0], fact[1], "--dtype", "f16")
    #expect(converted.status == 2 && converted.output.isEmpty && converted.errors.contains("--dtype"))

    // What it wrote compiles.
    let patched = run(RewriteCommand.self, fixture("gpt2-a"), "--spec", spec, "-o", output, "--quiet")
    #expect(patched.status == 0 || patched.status == 3)
    let name = try Checkpoint(path: output).memories[0].name
    let told = run(RewriteCommand.self, "--explain", output, name, "--prompt", fact[0], "--prompt", "Once")
    #expect(told.status == 0 && told.errors.isEmpty && told.output.hasPrefix("\(name): \""))
    #expect(told.output.contains("\n  \(fact[0])\n") && told.output.contains("of 2 prompts"))
    let json = run(RewriteCommand.self, output, "--explain", name, "--prompts", spec, "--json").output
    let root = try JSONDocument(Array(json.utf8), location: "stdout").root
    #expect(root["prompts"]?.elements[0]["prompt"]?.string == fact[0])
    let unknown = run(RewriteCommand.self, "--explain", output, "nepal")
    #expect(unknown.status == 1 && unknown.errorLines.count == 1 && unknown.errors.contains("no such memory"))
  }

  @Test func printsOneJSONObject() throws {
    let output = folder.file("out.safetensors")
    let outcome = run(RewriteCommand.self, fixture("llama-a"), "--spec", try spec(Self.auto), "-o", output, "--json")
    let root = try JSONDocument(Array(outcome.output.utf8), location: "stdout").root
    let memory = try #require(root["memories"]).elements[0]
    for key in ["name", "method", "site", "layer", "token", "alpha", "boundary", "hardness", "rows", "prompts"] {
      #expect(memory[key] != nil, "\(key)")
    }
    let prompts = try #require(memory["prompts"]).elements
    #expect(prompts.map { $0["positive"]?.bool } == [true, true, false])
    for key in ["prompt", "before", "after", "holds", "similarity", "fired"] {
      #expect(prompts[0][key] != nil, "\(key)")
    }
    // Inside the region, whatever the key was made from.
    let boundary = try #require(memory["boundary"]?.double)
    #expect(abs(1 - (try #require(prompts[0]["similarity"]?.double))) < 1.18 * boundary)
    #expect(root["totals"]?["positives"]?["of"]?.int == 2)
    #expect(root.members.map(\.key.description) == ["memories", "conflicts", "totals", "timings", "operations"])
    let passes = ["load", "probe", "background", "key", "delta", "bound", "link", "evaluate", "write", "verify"]
    let timings = try #require(root["timings"])
    // The scan is there where the least-squares memory did not get all prompts right.
    #expect(timings.members.map(\.key.description).filter { $0 != "locate_ms" } == passes.map { "\($0)_ms" })
    #expect(timings.members.allSatisfy { ($0.value.double ?? -1) >= 0 })
    let operations = try #require(root["operations"]).members
    #expect(operations.map { "\($0.key)_ms" } == timings.members.map(\.key.description))
    #expect(
      operations.allSatisfy { ($0.value.int ?? -1) >= 0 && ["load", "write"].contains($0.key) == ($0.value.int == 0) })
  }

  @Test func backgroundIsReadOrRefused() throws {
    let passages = folder.file("passages.txt")
    func outcome(_ content: [UInt8]?) throws -> Outcome {
      if let content { try Data(content).write(to: URL(fileURLWithPath: passages)) }
      return run(
        RewriteCommand.self, fixture("llama-a"), "--spec", try spec(Self.auto), "--dry-run", "--background", passages)
    }
    #expect(try outcome(nil).errors.contains("passages.txt: no such file"))
    #expect(try outcome([0xff, 0xfe]).errors.contains("passages.txt: not text, expected UTF-8"))
    #expect(try outcome(Array("\n  \n".utf8)).errors.contains("passages.txt: no text"))
    let read = try outcome(Array("Rivers run to the sea.\r\n\nHills do not.".utf8))
    #expect(read.errors.isEmpty && read.output.contains("totals:"))
  }

  @Test func dryRunWritesNothing() throws {
    let outcome = run(RewriteCommand.self, fixture("gpt2-a"), "--spec", try spec(Self.auto), "--dry-run")
    #expect(outcome.status == 0 && outcome.output.contains("positives"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { !$0.hasPrefix("spec") }.isEmpty)
  }

  /// 3 where the compiler could not make a memory hold; a memory that is pinned down entirely is only reported.
  @Test func exitStatusOfAMemoryThatDoesNotHold() throws {
    let output = folder.file("out.safetensors")
    let pinned = run(RewriteCommand.self, fixture("gpt2-a"), "--spec", try spec(Self.pinned("")), "-o", output)
    #expect(pinned.status == 0 && pinned.output.contains("does not give its target"))
    let open = Self.pinned("").replacingOccurrences(of: #","boundary":0.3"#, with: "")
    let outcome = run(RewriteCommand.self, fixture("gpt2-a"), "--spec", try spec(open), "-o", output, "--force")
    #expect(outcome.status == 3 && FileManager.default.fileExists(atPath: output))
  }

  /// The arguments behind the base, what the line must say, and the status.
  static let bad: [(String, String, String, Int32)] = [
    (pinned(#","layr":1"#), "", "layr", 1), (pinned(#","layr":1"#), "", "layer", 1),
    (pinned("").replacingOccurrences(of: #""layer":1"#, with: #""layer":3"#), "", "0 to 2", 1),
    (pinned("").replacingOccurrences(of: "Once upon a time", with: ""), "", "prompt", 1),
    (pinned("").replacingOccurrences(of: " Tokyo", with: ""), "", "target", 1),
    (auto, "--dtype f16", "--dtype", 2), (auto, "--method fast", "--method", 2),
  ]

  @Test(arguments: bad)
  func saysInOneLine(_ memory: String, _ extra: String, _ part: String, _ status: Int32) throws {
    let output = folder.file("out.safetensors")
    let arguments =
      [fixture("gpt2-a"), "--spec", try spec(memory), "-o", output] + extra.split(separator: " ").map(String.init)
    let outcome = Capture().run(RewriteCommand.self, arguments)
    #expect(outcome.status == status && outcome.errorLines.count == 1 && outcome.output.isEmpty)
    #expect(outcome.errors.hasPrefix("rewrite: ") && outcome.errors.contains(part), "\(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: output))
  }

  @Test func refusesFilesInOneLine() throws {
    let spec = try spec(Self.auto)
    let existing = folder.file("existing")
    try Data("old".utf8).write(to: URL(fileURLWithPath: existing))
    let base = folder.file("base.safetensors")
    for file in ["model.safetensors", "config.json", "tokenizer.json"] {
      let target = file == "model.safetensors" ? base : folder.file(file)
      try FileManager.default.copyItem(atPath: "\(fixture("gpt2-a"))/\(file)", toPath: target)
    }
    let other = folder.file("other")
    try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: base, toPath: "\(other)/model.safetensors")
    try Data(#"{"model_type":"mamba"}"#.utf8).write(to: URL(fileURLWithPath: "\(other)/config.json"))
    let misfit = folder.file("misfit.safetensors")
    try Checkpoint(path: base).write(memories: [misfitting], to: misfit)
    let cases: [(base: String, output: String, part: String)] = [
      (folder.file("absent"), "out", "no such file"), (folder.path + "/other/..", "out", "holds no checkpoint"),
      (other, "out", "gpt2 or gpt_neox or llama"), (base, existing, "--force"), (misfit, "out", "expected width 48"),
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
}
