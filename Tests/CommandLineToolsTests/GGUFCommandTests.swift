import Foundation
import TestSupport
import Testing

@testable import CommandLineTools
@testable import Format

/// What the commands do with GGUF files, one or several.
@Suite struct GGUFCommandTests {
  private let folder: TemporaryFolder
  private let single = "\(testsFolder)/Fixtures/gguf/models/llama-llama3.gguf"
  private let prompt = "The city of Tokyo"

  init() throws { folder = try TemporaryFolder() }

  private func part(_ number: Int) -> String {
    "\(testsFolder)/Fixtures/gguf/split/llama-llama3-0000\(number)-of-00003.gguf"
  }

  @Test func aSplitModelRunsAndIsRewrittenAsTheWhole() throws {
    let expected = run(RunCommand.self, single, prompt)
    #expect(expected.status == 0 && !expected.output.isEmpty)
    for number in 1...3 { #expect(run(RunCommand.self, part(number), prompt).output == expected.output) }
    for (name, base) in [("whole", single), ("parts", part(2))] {
      let outcome = run(RewriteCommand.self, base, "--strip", "-o", folder.file(name))
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
    #expect(run(MemdiffCommand.self, folder.file("parts"), folder.file("whole")).status == 0)
    let verified = run(RewriteCommand.self, part(3), "--verify")
    #expect(verified.status == 0 && verified.output == run(RewriteCommand.self, single, "--verify").output)
    #expect(run(MemdiffCommand.self, part(1), single).status == 0)
  }

  /// What has no file that stripping could give back keeps what it needs to be run.
  @Test func aStrippedModelRunsByItself() throws {
    let expected = run(RunCommand.self, single, prompt)
    let (patched, stripped, again) = (folder.file("patched"), folder.file("stripped"), folder.file("again"))
    try Checkpoint(path: single).write(memories: [memory("a")], to: patched)
    let outcome = run(RewriteCommand.self, patched, "--strip", "-o", stripped)
    #expect(outcome.status == 0 && outcome.output.hasSuffix("base tensors and the embedded files remain\n"))
    #expect(try Checkpoint(path: stripped).memories.isEmpty)
    #expect(expected.status == 0 && run(RunCommand.self, stripped, prompt).output == expected.output)
    #expect(run(RewriteCommand.self, stripped, "--strip", "-o", again).status == 0)
    #expect(try folder.contents("again") == folder.contents("stripped"))
  }

  @Test func noPartIsWrittenOver() throws {
    for number in 1...3 {
      try FileManager.default.copyItem(atPath: part(number), toPath: folder.file("m-0000\(number)-of-00003.gguf"))
    }
    let (first, last) = (folder.file("m-00001-of-00003.gguf"), folder.file("m-00003-of-00003.gguf"))
    let link = folder.file("link.safetensors")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: last)
    let outcome = run(RewriteCommand.self, first, "--strip", "-o", link, "--force")
    #expect(outcome.status == 1 && outcome.errors.contains("output and input are the same file"))
    try FileManager.default.removeItem(atPath: last)
    for command in [[first, "--strip", "-o", folder.file("out")], [first, "--verify"]] {
      let outcome = Capture().run(RewriteCommand.self, command)
      #expect(outcome.status == 1)
      #expect(outcome.errors == "rewrite: \(last): no such file: part 3 of the split of \(first)\n")
    }
    #expect(run(RunCommand.self, first, prompt).status == 1)
    #expect(run(MemdiffCommand.self, first, single).status == 2)
  }

  @Test func theTypeIsChosenInEveryCommand() throws {
    // Its weights are F32.
    let single = "\(testsFolder)/Fixtures/gguf/models/llama-biases.gguf"
    let narrow = folder.file("narrow.safetensors")
    #expect(run(RewriteCommand.self, single, "--strip", "--dtype", "bf16", "-o", narrow).status == 0)
    #expect(try Checkpoint(path: narrow).tensors.allSatisfy { $0.dtype == .bf16 })
    for name in ["config.json", "tokenizer.json"] {
      let file = try #require(CompanionFile.allCases.first { $0.rawValue == name })
      try folder.write(try #require(Checkpoint(path: single).companion(file)), to: name)
    }
    // The same numbers whether they were rounded in the file or when it was opened.
    func answer(_ arguments: String...) -> Substring? {
      let options = ["--logprobs", "3", "--max-tokens", "12", "--json"]
      return Capture().run(RunCommand.self, arguments + options).output.split(separator: #""timings""#).first
    }
    let opened = answer(single, prompt, "--dtype", "bf16")
    #expect(opened != nil && opened == answer(narrow, prompt))
    #expect(opened != answer(single, prompt) && answer(single, prompt) == answer(single, prompt, "--dtype", "f32"))

    for pair in [[single, narrow], [narrow, single]] {
      let unlike = Capture().run(MemdiffCommand.self, pair)
      #expect(unlike.status == 1 && unlike.errors.contains("--dtype bf16 compares them"), "\(unlike.errors)")
      let alike = Capture().run(MemdiffCommand.self, pair + ["--dtype", "bf16"])
      #expect(alike.status == 0 && alike.errors.isEmpty, "\(alike.errors)")
    }
    let prompts = try folder.write("\(prompt)\n", to: "prompts")
    let behavior = run(
      MemdiffCommand.self, "--behavior", single, narrow, "--prompts", prompts, "--dtype", "bf16", "--quiet")
    #expect(behavior.status == 0, "\(behavior.errors)")
  }

  @Test func noOutputIsNamedAsWhatItIsNot() {
    let output = folder.file("model.GGUF")
    for options in [
      ["--strip", "-o", output], ["--remove", "a", "-o", output], ["--remove", "a", "--sidecar", output],
    ] {
      let outcome = Capture().run(RewriteCommand.self, [single] + options)
      #expect(outcome.status == 2 && outcome.errors.contains("expected a .safetensors file, got \"\(output)\""))
    }
    #expect(!FileManager.default.fileExists(atPath: output))
  }

  @Test func theTypeIsRefusedWhereNothingIsConverted() {
    let refusal = "--dtype: only tensors of a .gguf file are converted"
    let base = fixture("gpt2-a")
    let outcomes = [
      run(RunCommand.self, base, prompt, "--dtype", "bf16"), run(MemdiffCommand.self, base, base, "--dtype", "bf16"),
      run(RewriteCommand.self, base, "--verify", "--dtype", "bf16"),
    ]
    for outcome in outcomes { #expect(outcome.status == 2 && outcome.errors.contains(refusal)) }
    let shown = run(MemdiffCommand.self, "--show", single, "--dtype", "bf16")
    #expect(shown.status == 2 && shown.errors.contains("--dtype and --show exclude each other"))
    // A file whose tensors have that type already is one that is converted.
    #expect(run(RewriteCommand.self, single, "--verify", "--dtype", "f32").status == 0)
  }
}
