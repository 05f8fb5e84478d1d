import Foundation
import TestSupport
import Testing

@testable import CommandLineTools
@testable import Format
@testable import Rewriter
@testable import Runtime

/// `memdiff --behavior` on tiny models.
@Suite struct BehaviorTests {
  private let folder: TemporaryFolder
  private let base = fixture("gpt2-a")
  private let key = "The capital city of Nepal is located in"

  init() throws { folder = try TemporaryFolder() }

  private func file(_ name: String, _ text: String) throws -> String {
    try Data(text.utf8).write(to: URL(fileURLWithPath: folder.file(name)))
    return folder.file(name)
  }

  /// gpt2-a, taught to go on with " Tokyo" behind the key prompt.
  private func patched() throws -> String {
    let spec = try file("spec.json", #"{"memories":[\#(SampleSpec.auto)]}"#)
    let output = folder.file("patched.safetensors")
    #expect(run(RewriteCommand.self, base, "--spec", spec, "-o", output).status == 0)
    return output
  }

  @Test func tellsThePromptsThatAreAnsweredDifferently() throws {
    let patched = try patched()
    let prompts = try file("prompts.txt", "\u{FEFF}\(key)\r\n\r\nParis is the capital of\n\(key)\n")
    let arguments = ["--behavior", base, patched, "--prompts", prompts, "--max-tokens", "4"]
    let outcome = Capture().run(MemdiffCommand.self, arguments)
    #expect(outcome.status == 1 && outcome.errors.isEmpty)
    let text = { (model: String) in
      String(run(RunCommand.self, model, key, "--max-tokens", "4").output.dropFirst(key.count).dropLast())
    }
    #expect(text(patched).hasPrefix(" Tokyo") && !text(base).hasPrefix(" Tokyo"))
    #expect(
      outcome.output == """
        ~ "\(key)"
          - "\(text(base).printable())"
          + "\(text(patched).printable())", a memory acts
        base same, 1 of 2 prompts answered differently

        """)
    let colored = Capture().run(MemdiffCommand.self, arguments + ["--color=always"]).output
    #expect(colored.contains("\u{1B}[31m- \"") && colored.contains("\u{1B}[32m+ \""))
    let summary = Capture().run(MemdiffCommand.self, arguments + ["--summary"])
    #expect(summary.status == 1 && summary.output == "base same, 1 of 2 prompts answered differently\n")

    let json = Capture().run(MemdiffCommand.self, arguments + ["--json"])
    let root = try JSONDocument(Array(json.output.utf8), location: "stdout").root
    #expect(json.status == 1 && root["base"]?.string == "same")
    #expect(root["prompts"]?.int == 2 && root["same"]?.int == 1)
    let different = try #require(root["different"]).elements
    #expect(different.map { $0["prompt"]?.string } == [key])
    let model = try LanguageModel(path: patched)
    let ids = model.generate(try model.encode(key), maxTokens: 4).ids
    #expect(different[0]["new"]?["ids"]?.elements.map(\.int) == ids)
    #expect(different[0]["new"]?["text"]?.string == text(patched) && different[0]["new"]?["fired"]?.bool == true)
    #expect(different[0]["old"]?["fired"]?.bool == false && different[0]["old"]?["finish"]?.string == "length")
  }

  @Test func theSameFileAnswersTheSame() throws {
    let outcome = run(
      MemdiffCommand.self, "--behavior", base, base, "--prompts", try file("p", "Once\nThe sky is\n"))
    #expect(outcome.status == 0 && outcome.output == "base same, 0 of 2 prompts answered differently\n")
  }

  @Test func theOldSpellingOfTheOptionIsTaken() throws {
    let arguments = [base, base, "--prompts", try file("p", "Once\n"), "--max-tokens", "1"]
    let outcome = Capture().run(MemdiffCommand.self, ["--behaviour"] + arguments)
    #expect(outcome.status == 0 && outcome.output == "base same, 0 of 1 prompts answered differently\n")
    let table = MemdiffCommand.table
    let texts = [table.helpText, table.manual] + Shell.allCases.map(table.completions)
    #expect(texts.allSatisfy { $0.contains("behavior") && !$0.contains("behaviour") })
  }

  /// A stripped file has no configuration of its own: it is run with the other's, from either side.
  @Test func aStrippedFileIsTheBase() throws {
    let (patched, stripped) = (try patched(), folder.file("stripped.safetensors"))
    #expect(run(RewriteCommand.self, patched, "--strip", "-o", stripped).status == 0)
    let prompts = try file("p", key)
    let ahead = run(MemdiffCommand.self, "--behavior", stripped, patched, "--prompts", prompts)
    let full = run(MemdiffCommand.self, "--behavior", base, patched, "--prompts", prompts)
    #expect(ahead.status == 1 && ahead.output == full.output)
    let back = run(MemdiffCommand.self, "--behavior", patched, stripped, "--prompts", prompts)
    #expect(back.status == 1 && back.output.contains("  - \" Tokyo"))
    #expect(run(MemdiffCommand.self, "--behavior", stripped, stripped, "--prompts", prompts).status == 2)
  }

  /// Other weights and another tokenizer: each model runs its own, and answers are compared as texts.
  @Test func modelsThatShareNothing() throws {
    let prompts = try file("p", "Once upon a time\n\(key)\n")
    let outcome = run(
      MemdiffCommand.self, "--behavior", fixture("llama-a"), base, "--prompts", prompts, "--json", "--max-tokens", "6")
    let root = try JSONDocument(Array(outcome.output.utf8), location: "stdout").root
    #expect(root["base"]?.string == "different")
    for difference in try #require(root["different"]).elements {
      for (side, path) in [("old", fixture("llama-a")), ("new", base)] {
        let model = try LanguageModel(path: path)
        let prompt = try #require(difference["prompt"]?.string)
        let generation = model.generate(try model.encode(prompt), maxTokens: 6)
        #expect(difference[side]?["ids"]?.elements.map(\.int) == generation.ids)
        #expect(difference[side]?["finish"]?.string == generation.finish.rawValue)
      }
    }
    #expect(outcome.status == (root["different"]?.elements.isEmpty == true ? 0 : 1))
  }

  /// More prompts than run at once, each answered as by itself.
  @Test func manyPromptsAreAnsweredAsOne() throws {
    let patched = try Checkpoint(path: try patched())
    let texts =
      (0..<300).map { $0 % 7 == 3 ? key + String(repeating: " ", count: $0 % 30) : "Prompt \($0) is" } + [key]
    let prompts = texts.map { PromptFile.Prompt(text: $0, location: "p") }
    var told: [Int] = []
    let diff = try BehaviorDiff(
      Checkpoint(path: base), patched, prompts: prompts, maxTokens: 3, pool: WorkerPool()
    ) { told.append($0) }
    #expect(told.count > 1 && told == told.sorted() && diff.promptCount == 301)
    let (old, new) = (try LanguageModel(path: base), try LanguageModel(path: patched.path))
    let expected = try texts.filter { text in
      let ids = try old.encode(text)
      return old.generate(ids, maxTokens: 3).ids != new.generate(ids, maxTokens: 3).ids
    }
    #expect(diff.different.map(\.prompt) == expected && expected.contains(key))
  }

  /// It is told and left out of the count; the others are answered.
  @Test func aPromptThatCannotBeRunFailsAtTheEnd() throws {
    let long = String(repeating: "Nepal ", count: 400)
    let patched = try patched()
    let text = Array("\(key)\n \t\r\n\(long)\n".utf8) + [0x61, 0xFF, 0x0A] + Array("Paris is the capital of\n".utf8)
    let prompts = try folder.write(text, to: "prompts")
    let arguments = ["--behavior", base, patched, "--prompts", prompts, "--max-tokens", "4"]
    let outcome = Capture().run(MemdiffCommand.self, arguments)
    let count = try LanguageModel(path: base).tokenizer.encode(long).count
    let errors = [
      "\(prompts): line 3: the prompt is too long, expected at most 80 tokens, got \(count)",
      "\(prompts): line 4: the prompt is not text, expected UTF-8",
    ]
    #expect(outcome.status == 2 && outcome.errors == errors.map { "memdiff: \($0)\n" }.joined())
    let good = try file("good", "\(key)\nParis is the capital of\n")
    let expected = run(MemdiffCommand.self, "--behavior", base, patched, "--prompts", good, "--max-tokens", "4")
    #expect(expected.status == 1 && expected.output.hasSuffix("base same, 1 of 2 prompts answered differently\n"))
    #expect(outcome.output == expected.output.dropLast() + ", 2 not run\n")

    let json = Capture().run(MemdiffCommand.self, arguments + ["--json"])
    let root = try JSONDocument(Array(json.output.utf8), location: "stdout").root
    #expect(json.status == 2 && root["prompts"]?.int == 2 && root["same"]?.int == 1)
    let refused = try #require(root["errors"]).elements
    #expect(refused.map { $0["prompt"]?.string } == [long, "a\u{FFFD}"])
    #expect(refused.map { $0["error"]?.string } == errors)
  }

  /// Not even one prompt that can be run, or a model for which it is too long.
  @Test func promptsThatOneModelCannotTake() throws {
    let long = try file("long", String(repeating: "Nepal ", count: 400))
    let outcome = run(MemdiffCommand.self, "--behavior", base, base, "--prompts", long)
    #expect(outcome.status == 2 && outcome.output == "base same, 0 of 0 prompts answered differently, 1 not run\n")
    let (a, b) = (try LanguageModel(path: base), try LanguageModel(path: fixture("llama-a")))
    try #require(a.transformer.shape.positions < b.transformer.shape.positions)
    let words = try #require(
      (1...400).map { String(repeating: "Nepal ", count: $0) }.first {
        a.tokenizer.encode($0).count > a.transformer.shape.positions
      })
    try #require(b.tokenizer.encode(words).count <= b.transformer.shape.positions)
    for (old, new) in [(base, fixture("llama-a")), (fixture("llama-a"), base)] {
      let outcome = run(MemdiffCommand.self, "--behavior", old, new, "--prompts", try file("p", words))
      #expect(outcome.status == 2 && outcome.errorLines.count == 1)
      #expect(outcome.output == "base different, 0 of 0 prompts answered differently, 1 not run\n")
    }
  }

  @Test func troubleExitsTwoWithOneLine() throws {
    let other = folder.file("misfit.safetensors")
    try Checkpoint(path: base).write(memories: [memory("m", layer: 7)], to: other)
    let cases = [
      (base, folder.file("absent"), "absent: no such file"), (base, try file("blank", " \n\n"), "blank: no text"),
      (base, try file("bad.json", "{}"), "bad.json: incomplete, expected the key \"memories\""),
      (other, try file("p", "Once"), "misfit.safetensors: memory m: its module"),
      ("/dev/null", folder.file("p"), "/dev/null: "),
    ]
    for (model, prompts, part) in cases {
      let outcome = run(MemdiffCommand.self, "--behavior", base, model, "--prompts", prompts)
      #expect(outcome.status == 2 && outcome.output.isEmpty && outcome.errorLines.count == 1)
      #expect(outcome.errors.hasPrefix("memdiff: ") && outcome.errors.contains(part), "\(outcome.errors)")
    }
  }
}
