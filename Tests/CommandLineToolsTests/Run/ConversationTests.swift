import Foundation
import TestSupport
import Testing

@testable import CommandLineTools
@testable import Format
@testable import Runtime

/// `run` with conversations: files of them, and what is said at a terminal.
@Suite struct ConversationTests {
  private let folder: TemporaryFolder
  private let model: String

  init() throws {
    folder = try TemporaryFolder()
    model = folder.file("model")
    try FileManager.default.copyItem(atPath: fixture("gpt2-a"), toPath: model)
    let template =
      "{% for m in messages %}{{ m.role[0] ~ ':' ~ m.content ~ '\n' }}{% endfor %}"
      + "{% if tools %}T{{ tools | length }}{% endif %}{{ mood }}{{ strftime_now('%d.%m.%Y') if dated }}"
      + "{% if add_generation_prompt %}a:{% endif %}"
    let config: JSONNode = [
      "chat_template": [
        ["name": "default", "template": .string(template)], ["name": "other", "template": "o{{ messages | length }}"],
      ]
    ]
    try folder.write(config.bytes(), to: "model/tokenizer_config.json")
  }

  private func roots(_ outcome: Outcome) throws -> [JSONValue] {
    try outcome.output.split(separator: "\n").map { try JSONDocument(Array($0.utf8), location: "output").root }
  }

  private func answer(_ text: String, _ options: String...) throws -> Outcome {
    try folder.write(Array(text.utf8), to: "messages.json")
    return Capture().run(
      RunCommand.self, [model, "--messages", folder.file("messages.json"), "--json", "--max-tokens", "2"] + options)
  }

  @Test func aListOfMessages() throws {
    let outcome = try answer(
      #"[{"role": "system", "content": "s"}, {"role": "user", "content": "u", "name": null}, {"role": "assistant", "content": [{"type": "text", "text": "p"}]}]"#
    )
    let root = try #require(try roots(outcome).first)
    #expect(outcome.status == 0 && root["rendered"]?.string == "s:s\nu:u\na:[{'type': 'text', 'text': 'p'}]\na:")
    #expect(
      root["message"]?["role"]?.string == "assistant" && root["message"]?["content"]?.string == root["text"]?.string)
  }

  @Test func toolsAndOtherVariables() throws {
    let outcome = try answer(
      #"{"messages": [{"role": "user", "content": "u"}], "tools": [{}, {}]}"#, "--variable", "mood=glad", "--variable",
      "dated=true", "--date", "2024-02-29")
    #expect(try roots(outcome)[0]["rendered"]?.string == "u:u\nT2glad29.02.2024a:")
    #expect(
      try roots(answer(#"[{"role": "user", "content": "u"}]"#, "--template", "other"))[0]["rendered"]?.string == "o1")
  }

  @Test func oneConversationALine() throws {
    let line = #"[{"role": "user", "content": "u"}]"#
    let outcome = try answer("\(line)\n\n{}\nnonsense\n{\"messages\": \(line)}\n")
    let roots = try roots(outcome)
    #expect(outcome.status == 1 && roots.count == 4 && outcome.errorLines.count == 2)
    #expect(roots[0]["rendered"]?.string == "u:u\na:" && roots[3]["ids"]?.count == 2)
    #expect(roots[1]["error"]?.string?.contains("messages.json: line 3: not a conversation") == true)
    #expect(roots[2]["error"]?.string?.contains("line 4") == true)
    // Several in one document.
    #expect(try self.roots(answer("[\(line), \(line)]")).count == 2)
  }

  @Test func whatIsNoConversation() throws {
    for (text, problem) in [
      ("{}", "not a conversation"), ("[]", "no conversations"), ("[1]", "not a message"), ("x", "not valid JSON"),
      (#"[{"role": "user"}"#, "not valid JSON"), ("", "no conversations"),
    ] {
      let outcome = try answer(text)
      #expect(
        outcome.status == 1 && outcome.output.isEmpty && outcome.errorLines.count == 1, "\(text): \(outcome.errors)")
      #expect(outcome.errors.contains(problem), "\(text): \(outcome.errors)")
    }
    for (options, problem) in [
      (["--date", "2025-13-01"], "expected a day such as"), (["--variable", "x"], "expected NAME=VALUE"),
      (["--template", "none"], "has no chat template of this name, expected one of default, other, got none"),
    ] {
      let outcome = Capture().run(RunCommand.self, [model, "x", "--chat"] + options)
      #expect(outcome.status != 0 && outcome.errors.contains(problem), "\(outcome.errors)")
    }
    let both = Capture().run(RunCommand.self, [model, "x", "--messages", "y"])
    #expect(both.status == 2 && both.errors.contains("takes the place of the prompt"))
  }

  @Test func aConversationIsSavedAndGoesOn() throws {
    let file = folder.file("saved.json")
    let first = Capture().run(
      RunCommand.self, [model, "--quiet", "--chat", "--json", "--max-tokens", "2"],
      input: [":system be brief", "one", ":save \(file)", ":save \(file)", "two", ":reset", "three"],
      inputIsTerminal: true)
    let answers = try roots(first)
    #expect(answers.count == 3 && first.errors.contains("3 messages are in") && first.errors.contains("exists already"))
    let second = Capture().run(
      RunCommand.self, [model, "--quiet", "--chat", "--json", "--max-tokens", "2"],
      input: [":load \(file)", "two", ":system", "x"], inputIsTerminal: true)
    #expect(try roots(second)[0]["rendered"]?.string == answers[1]["rendered"]?.string)
    #expect(
      answers[0]["rendered"]?.string == "s:be brief\nu:one\na:"
        && answers[2]["rendered"]?.string == "s:be brief\nu:three\na:")
    #expect(try roots(second)[1]["rendered"]?.string?.hasPrefix("u:one\n") == true)
    let missing = Capture().run(
      RunCommand.self, [model, "--quiet", "--chat"], input: [":load nowhere.json", ":save", ":quit"],
      inputIsTerminal: true)
    #expect(
      missing.status == 0 && missing.errors.contains("no such file") && missing.errors.contains(":save needs a file"))
  }

  /// Thoughts go to standard error, or in a color before the answer on a terminal.
  @Test func thoughtsStandApart() throws {
    let tokenizer = try LanguageModel(path: model).tokenizer
    let marks = try #require(
      try ChatTemplate(source: "{{ '<think></think>' }}", tokenizer: tokenizer, location: "t").thinking)
    for pieces in [
      ["<think>\na", "b</th", "ink>\n\nc d"], ["<", "think>ab</think>c ", "d"], ["<think>ab</think>c d"],
    ] {
      for isTerminal in [false, true] {
        var (output, errors) = ("", "")
        let console = Console(
          output: { text throws(FormatError) in
            output += text
            return true
          }, errors: { errors += $0 }, outputIsTerminal: isTerminal)
        var writer = ThoughtWriter(marks, behind: "x", on: console, isQuiet: false)
        for piece in pieces { try writer.write(piece) }
        try writer.finish()
        let thoughts = (isTerminal ? output : errors).filter { "ab".contains($0) }
        #expect(thoughts == "ab" && output.hasSuffix("c d") && !output.contains("think"), "\(pieces)")
        #expect(isTerminal || output == "c d")
      }
    }
    var output = ""
    let console = Console(
      output: { text throws(FormatError) in
        output += text
        return true
      }, errors: { _ in })
    var plain = ThoughtWriter(marks, behind: "x", on: console, isQuiet: false)
    for piece in ["<th", "at> is no thought"] { try plain.write(piece) }
    try plain.finish()
    #expect(output == "<that> is no thought")
  }
}
