import TestSupport
import Testing

@testable import CommandLineTools
@testable import Format

/// `run` on the tiny model, with a memory whose region is so wide that every token falls into it.
@Suite struct RunOutputTests {
  private let base = fixture("gpt2-a")
  private let folder: TemporaryFolder
  private let patched: String

  init() throws {
    folder = try TemporaryFolder()
    patched = folder.file("patched.safetensors")
    try Checkpoint(path: base).write(memories: [memory("wide", delta: 3, boundary: 1e6)], to: patched)
  }

  private func json(_ outcome: Outcome) throws -> JSONValue {
    #expect(outcome.status == 0 && outcome.errors.isEmpty)
    #expect(outcome.output.last == "\n" && outcome.output.filter { $0 == "\n" }.count == 1)
    return try JSONDocument(Array(outcome.output.utf8.dropLast()), location: "output").root
  }

  @Test func jsonHasTheDocumentedKeysInOrder() throws {
    let root = try json(
      run(RunCommand.self, patched, "the city", "--json", "--logprobs", "2", "--max-tokens", "3"))
    #expect(
      root.members.map(\.key.description) == [
        "prompt", "prompt_ids", "ids", "text", "finish", "fired", "logprobs", "timings",
      ])
    #expect(root["prompt"]?.string == "the city")
    #expect(root["finish"]?.string == "length" && root["ids"]?.count == 3)
    let best = try #require(root["logprobs"]?.elements.first?.elements.first)
    #expect(best.members.map(\.key.description) == ["id", "text", "logprob"])
    #expect(best["id"]?.int == root["ids"]?.elements.first?.int)
    let firing = try #require(root["fired"]?.elements.first)
    #expect(
      firing.members.map(\.key.description) == ["memory", "module", "position", "similarity", "strength"])
    #expect(firing["memory"]?.string == "wide")
    #expect(firing["module"]?.string == "transformer.h.1.attn.c_proj")
    // Every token that went through the model: the prompt's and all new ones but the last.
    let positions = try #require(root["fired"]).elements.compactMap { $0["position"]?.int }
    #expect(positions == Array(0..<(try #require(root["prompt_ids"]).count + 2)))
    #expect(
      root["timings"]?.members.map(\.key.description) == [
        "load_ms", "prompt_tokens", "prefill_tokens_per_second", "decode_tokens_per_second",
      ])
    #expect(root["timings"]?["prompt_tokens"]?.int == root["prompt_ids"]?.count)
  }

  @Test func tokensAreThoseOfTransformers() throws {
    for item in try #require(JSONDocument(path: "\(base)/expected.json").root["cases"]).elements {
      let prompt = try #require(item["prompt"]?.string)
      let root = try json(run(RunCommand.self, base, "--json", "--max-tokens", "8", "--", prompt))
      let greedy = try #require(item["greedy"]).elements.compactMap(\.int)
      #expect(root["prompt_ids"]?.elements.map(\.int) == item["prompt_ids"]?.elements.map(\.int))
      #expect(root["ids"]?.elements.compactMap(\.int) == Array(greedy.prefix(8)))
      #expect(root["fired"]?.count == 0 && root["logprobs"] == nil)
    }
  }

  @Test func plainOutputIsPromptAndContinuation() throws {
    let text = try #require(json(run(RunCommand.self, patched, "the city", "--json"))["text"]?.string)
    let plain = run(RunCommand.self, patched, "the city")
    #expect(plain.output == "the city\(text)\n" && plain.errors.isEmpty)
  }

  @Test func memoriesCanBeLeftOut() throws {
    let expected = run(RunCommand.self, base, "the city").output
    #expect(run(RunCommand.self, patched, "the city").output != expected)
    #expect(run(RunCommand.self, patched, "the city", "--no-memories").output == expected)
    #expect(run(RunCommand.self, patched, "the city", "--disable", "wide").output == expected)
  }

  @Test func compareShowsBoth() throws {
    let plain = run(RunCommand.self, patched, "the city", "--compare")
    let (before, after) = (run(RunCommand.self, base, "the city"), run(RunCommand.self, patched, "the city"))
    #expect(plain.output == "base:\n\(before.output)\npatched:\n\(after.output)\n")
    let root = try json(run(RunCommand.self, patched, "the city", "--compare", "--json"))
    #expect(root.members.map(\.key.description) == ["base", "patched"])
    #expect(root["base"]?["fired"]?.count == 0 && root["patched"]?["fired"]?.count ?? 0 > 0)
  }

  /// The last token has not been run, so that nothing acted on it.
  @Test func traceMarksTokensAndTellsTheRestOnStandardError() throws {
    let outcome = run(RunCommand.self, patched, "the", "--trace", "--max-tokens", "1")
    let plain = run(RunCommand.self, patched, "the", "--max-tokens", "1").output
    let marks = outcome.output.ranges(of: "](1)").count
    #expect(marks > 0 && outcome.output.filter { $0 == "[" }.count == marks)
    #expect(outcome.output.replacing("](1)", with: "").replacing("[", with: "") == plain)
    #expect(outcome.errors.hasPrefix("(1) wide\nwide  transformer.h.1.attn.c_proj  token 0 \""))
    #expect(outcome.errorLines.filter { $0.contains("  token ") }.count == marks)
    let base = run(RunCommand.self, base, "the", "--trace", "--quiet", "--max-tokens", "1")
    #expect(!base.output.contains("[") && base.errors == "no memory fired\n")
  }

  @Test func promptsComeOneALine() throws {
    let outcome = Capture().run(RunCommand.self, [patched, "--max-tokens", "0"], input: ["one", "two"])
    #expect(outcome.status == 0 && outcome.output == "one\ntwo\n" && outcome.errors.isEmpty)
  }

  @Test func aTerminalGetsALoopThatErrorsDoNotEnd() {
    let tooLong = String(repeating: "word ", count: 100)
    let outcome = Capture().run(
      RunCommand.self, [patched, "--max-tokens", "0"], input: ["one", "", tooLong, "two"],
      inputIsTerminal: true)
    #expect(outcome.status == 0 && outcome.output == "one\ntwo\n")
    #expect(outcome.errors.hasPrefix("> > > run: standard input: line 3: the prompt is too long"))
    #expect(outcome.errors.hasSuffix("\n> > \n"))
  }

  @Test func endsQuietlyWhenTheReaderHasGone() {
    let outcome = Capture().run(
      RunCommand.self, [patched], input: [String](repeating: "the city", count: 1000), closedAfter: 10)
    #expect(outcome.status == 0 && outcome.errors.isEmpty)
    // One answer was under way to the reader.
    #expect(outcome.output.filter { $0 == "\n" }.count <= 1)
  }

  @Test func aTerminalGetsNoControlCharacters() {
    let outcome = Capture().run(
      RunCommand.self, [base, "a\u{1B}[2Jb", "--max-tokens", "0"], columns: 80)
    #expect(outcome.output == "a\u{FFFD}[2Jb\n")
  }

  @Test func samplingDependsOnTheSeed() {
    func sample(_ seed: String) -> String {
      run(RunCommand.self, base, "the", "--temperature", "1", "--top-k", "50", "--seed", seed).output
    }
    #expect(sample("1") == sample("1"))
    #expect(sample("1") != sample("2"))
  }

  @Test func aHugeLimitEndsAtTheModelsLastPosition() throws {
    let root = try json(run(RunCommand.self, base, "the", "--json", "--max-tokens", "9223372036854775807"))
    #expect(root["ids"]?.count ?? 0 <= 80)
  }
}
