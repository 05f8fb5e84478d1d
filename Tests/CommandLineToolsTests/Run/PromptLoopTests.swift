import Foundation
import Runtime
import TestSupport
import Testing

@testable import CommandLineTools
@testable import Format

/// `run` with lines typed at a terminal.
@Suite struct PromptLoopTests {
  private let folder: TemporaryFolder
  private let patched: String

  init() throws {
    folder = try TemporaryFolder()
    patched = folder.file("patched.safetensors")
    try Checkpoint(path: fixture("gpt2-a")).write(memories: [memory("wide", delta: 3, boundary: 1e6)], to: patched)
  }

  private func loop(_ options: [String] = [], _ lines: String...) -> Outcome {
    Capture().run(
      RunCommand.self, [patched, "--quiet", "--max-tokens", "2"] + options, input: lines, inputIsTerminal: true)
  }

  @Test func memoriesAreTurnedOffAndOn() {
    let on = run(RunCommand.self, patched, "the", "--max-tokens", "2").output
    let off = run(RunCommand.self, patched, "the", "--max-tokens", "2", "--no-memories").output
    let outcome = loop([], "the", ":off wide", "the", ":memories", ":on wide ", "the", ":quit", "the")
    #expect(outcome.status == 0 && on != off && outcome.output == on + off + on)
    #expect(
      outcome.errors == """
        wide is off
        off  wide  "The capital city of Nepal is located in" → " Kathmandu"
        wide is on

        """)
    #expect(loop(["--no-memories"], "the", ":on wide", "the").output == off + on)
  }

  @Test func whatIsUnknownNamesTheNearest() {
    let outcome = loop([], ":comprae", ":xyzzy", ":off wied", ":on zzzzzzzz", ":memories now")
    #expect(outcome.status == 0 && outcome.output.isEmpty)
    #expect(
      outcome.errorLines.dropLast() == [
        "unknown command :comprae, the nearest is :compare", "unknown command :xyzzy, see :help",
        "no memory \"wied\", the nearest is wide", "no memory \"zzzzzzzz\", see :memories",
      ])
  }

  @Test func blankLinesAreNoPrompts() {
    #expect(loop([], "", " ", "\t ").output.isEmpty)
  }

  @Test func twoColonsBeginAPrompt() {
    let expected = run(RunCommand.self, patched, ":quit", "--max-tokens", "2").output
    #expect(loop([], "::quit").output == expected)
  }

  @Test func compareAndTraceToggle() {
    let outcome = loop([], ":compare", "the", ":compare", ":trace", "the", ":trace", "the")
    let compared = run(RunCommand.self, patched, "the", "--max-tokens", "2", "--compare").output
    let traced = run(RunCommand.self, patched, "the", "--max-tokens", "2", "--trace")
    let plain = run(RunCommand.self, patched, "the", "--max-tokens", "2").output
    #expect(outcome.output == compared + traced.output + plain)
    #expect(
      outcome.errors == "compare is on\ncompare is off\ntrace is on\n" + traced.errors + "trace is off\n")
  }

  /// A copy of the tiny model with a chat template whose marks are plain text.
  private func chatModel() throws -> String {
    let path = folder.file("chat")
    try FileManager.default.copyItem(atPath: fixture("gpt2-a"), toPath: path)
    let config: JSONNode = [
      "bos_token": "<|endoftext|>", "eos_token": ["content": "<|endoftext|>"],
      "chat_template": .string(
        "{% for message in messages %}{% if message.role == 'system' %}{{ raise_exception('no system message') }}{% endif %}"
          + "{{ bos_token + '[INST] ' + message['content'] + ' [/INST]' if message.role == 'user' else message.content + eos_token }}"
          + "{% endfor %}"),
    ]
    try Data(config.bytes()).write(to: URL(fileURLWithPath: path + "/tokenizer_config.json"))
    return path
  }

  @Test func chatPutsTheTemplateAroundThePrompt() throws {
    let model = try chatModel()
    let chat = run(RunCommand.self, model, "the city", "--chat", "--json", "--max-tokens", "3")
    let plain = run(RunCommand.self, model, "<|endoftext|>[INST] the city [/INST]", "--json", "--max-tokens", "3")
    func root(_ outcome: Outcome) throws -> JSONValue {
      try JSONDocument(Array(outcome.output.utf8.dropLast()), location: "output").root
    }
    let (a, b) = (try root(chat), try root(plain))
    #expect(a["prompt"]?.string == "the city")
    for key in ["prompt_ids", "ids"] {
      #expect(a[key]?.elements.map(\.int) == b[key]?.elements.map(\.int) && a[key]?.count ?? 0 > 0)
    }
    let refused = run(RunCommand.self, model, "the city", "--chat", "--system", "x")
    #expect(refused.status == 1 && refused.errors.contains("no system message"))
  }

  @Test func theConversationGoesOnUntilANewOne() throws {
    let model = try chatModel()
    let outcome = Capture().run(
      RunCommand.self, [model, "--quiet", "--chat", "--json", "--max-tokens", "2"],
      input: ["the", "city", ":reset", "the"], inputIsTerminal: true)
    let roots = try outcome.output.split(separator: "\n").map {
      try JSONDocument(Array($0.utf8), location: "output").root
    }
    try #require(roots.count == 3)
    let texts = try roots.map { root in
      let ids = try #require(root["prompt_ids"]).elements.compactMap(\.int)
      return try LanguageModel(path: model).tokenizer.decode(ids)
    }
    let answer = try #require(roots[0]["text"]?.string)
    #expect(texts[0] == "<|endoftext|>[INST] the [/INST]" && texts[2] == texts[0])
    #expect(texts[1] == texts[0] + answer + "<|endoftext|><|endoftext|>[INST] city [/INST]")
    #expect(outcome.errors == "a new conversation\n")
  }

  @Test func chatNeedsATemplate() {
    let outcome = run(RunCommand.self, patched, "the", "--chat")
    #expect(outcome.status == 1 && outcome.output.isEmpty && outcome.errorLines.count == 1)
    #expect(outcome.errors.contains("has no chat template, expected chat_template.jinja"))
    #expect(run(RunCommand.self, patched, "the", "--system", "x").errors.contains("--system needs --chat"))
  }
}
