import Foundation
import Runtime
import TestSupport
import Testing

@testable import CommandLineTools
@testable import Format

/// `run` with prompts on a standard input that is no terminal: all are answered as each alone.
@Suite struct PromptBatchTests {
  private let base = fixture("gpt2-a")
  private let folder: TemporaryFolder
  private let patched: String
  /// More than run at once, of many lengths.
  private let prompts: [String]

  init() throws {
    folder = try TemporaryFolder()
    patched = folder.file("patched.safetensors")
    var gated = wideMemory("gated", layer: 1)
    gated.rows[0].cues = [cue()]
    try Checkpoint(path: base).write(memories: [gated, wideMemory("wide")], to: patched)
    let words = ["the", " city", " of", " Nepal", " is", " north"]
    prompts = (0..<90).map { i in "\(i)" + (0..<(i % 13)).map { words[(i + $0) % words.count] }.joined() }
  }

  private func json(_ line: Substring) throws -> JSONValue {
    try JSONDocument(Array(line.utf8), location: "output").root
  }

  /// The members of an object but its timings, and where there are two answers, of both.
  private func withoutTimings(_ value: JSONValue) -> String {
    if let base = value["base"], let patched = value["patched"] {
      return withoutTimings(base) + withoutTimings(patched)
    }
    let members = value.members.filter { $0.key != "timings" }
    return members.map { "\($0.key): \(JSONNode($0.value).text())" }.joined(separator: "\n")
  }

  @Test(arguments: [
    [], ["--temperature", "1", "--top-k", "30", "--seed", "3"], ["--temperature", "0.8", "--top-p", "0.9"],
    ["--logprobs", "3"], ["--compare"], ["--no-memories"], ["--disable", "wide"], ["--max-tokens", "0"],
    ["--max-tokens", "1000"],
  ])
  func objectsAreThoseOfOnePromptAlone(_ options: [String]) throws {
    let arguments = ["--json"] + (options.contains("--max-tokens") ? [] : ["--max-tokens", "6"]) + options
    let outcome = Capture().run(RunCommand.self, [patched] + arguments, input: prompts)
    let lines = outcome.output.split(separator: "\n")
    try #require(outcome.status == 0 && outcome.errors.isEmpty && lines.count == prompts.count)
    for (prompt, line) in zip(prompts, lines) {
      let alone = Capture().run(RunCommand.self, [patched, prompt] + arguments)
      #expect(try withoutTimings(json(line)) == withoutTimings(json(alone.output.dropLast())), "\(prompt)")
    }
    let first = try json(lines[0])
    let timings = first["timings"] ?? first["base"]?["timings"]
    #expect(timings?["prefill_tokens_per_second"]?.double ?? 0 > 0)
  }

  @Test(arguments: [
    [], ["--trace"], ["--compare"], ["--logprobs", "2"], ["--trace", "--logprobs", "1"], ["--compare", "--trace"],
  ])
  func textsAreThoseOfOnePromptAlone(_ options: [String]) {
    let arguments = [patched, "--max-tokens", "4"] + options
    let some = Array(prompts.prefix(12))
    let outcome = Capture().run(RunCommand.self, arguments, input: some)
    let alone = some.map { Capture().run(RunCommand.self, arguments + ["--", $0]) }
    #expect(outcome.status == 0)
    #expect(outcome.output == alone.map(\.output).joined())
    #expect(outcome.errors == alone.map(\.errors).joined())
  }

  private static let tooLong = String(repeating: "word ", count: 100)

  @Test func blankLinesAreSkipped() {
    let outcome = Capture().run(
      RunCommand.self, [patched, "--max-tokens", "0"], input: ["", "one", " \t\r", "\r", "two\r", "", Self.tooLong])
    #expect(outcome.status == 1 && outcome.output == "one\ntwo\n")
    #expect(outcome.errors.hasPrefix("run: standard input: line 7: the prompt is too long, expected at most 80 tokens"))
    let blank = Capture().run(RunCommand.self, [patched, "--json"], input: ["", "  "])
    #expect(blank.status == 0 && blank.output.isEmpty && blank.errors.isEmpty)
  }

  /// Runs on bytes, which need not be text.
  private func run(_ options: [String], bytes: [UInt8]) -> Outcome {
    var (output, errors, rest) = ("", "", bytes)
    let console = Console(
      input: InputLines { _ in
        defer { rest = [] }
        return rest.isEmpty ? .end : .bytes(rest)
      },
      output: { text throws(FormatError) in
        output += text
        return true
      }, errors: { errors += $0 })
    let status = RunCommand.execute([patched, "--max-tokens", "2"] + options, on: console)
    return Outcome(status: status, output: output, errors: errors)
  }

  @Test(arguments: [[], ["--compare"]])
  func aBadLineDoesNotEndTheOthers(_ options: [String]) throws {
    let bytes = Array("one\n\(Self.tooLong)\n".utf8) + [0x61, 0xFF, 0x62, 0x0D, 0x0A] + Array("two".utf8)
    let good = run(["--json"] + options, bytes: Array("one\ntwo".utf8))
    let outcome = run(["--json"] + options, bytes: bytes)
    #expect(good.status == 0 && outcome.status == 1)
    let objects = try outcome.output.split(separator: "\n").map(json)
    let expected = try good.output.split(separator: "\n").map(json)
    try #require(objects.count == 4 && expected.count == 2)
    #expect(withoutTimings(objects[0]) == withoutTimings(expected[0]))
    #expect(withoutTimings(objects[3]) == withoutTimings(expected[1]))
    let count = try LanguageModel(path: base).tokenizer.encode(Self.tooLong).count
    let errors = [
      "standard input: line 2: the prompt is too long, expected at most 80 tokens, got \(count)",
      "standard input: line 3: the prompt is not text, expected UTF-8",
    ]
    #expect(outcome.errors == errors.map { "run: \($0)\n" }.joined())
    for (object, (prompt, error)) in zip(objects[1...2], zip([Self.tooLong, "a\u{FFFD}b"], errors)) {
      #expect(object.members.map(\.key.description) == ["prompt", "error"])
      #expect(object["prompt"]?.string == prompt && object["error"]?.string == error)
    }
    let plain = run(options, bytes: bytes)
    #expect(plain.status == 1 && plain.errors == outcome.errors)
    #expect(plain.output == run(options, bytes: Array("one\ntwo".utf8)).output)
  }

  @Test func aLineWithoutEndIsTooLong() throws {
    let bytes = [UInt8](repeating: 0x61, count: InputLines.lineLimit + 1) + Array("\none".utf8)
    let outcome = run([], bytes: bytes)
    #expect(outcome.status == 1 && outcome.output == run([], bytes: Array("one".utf8)).output)
    #expect(
      outcome.errors
        == "run: standard input: line 1: the prompt is too long, expected at most \(InputLines.lineLimit) bytes\n")
  }

  /// Who asks for the next line has been told the answers to all before it, of which several may have come together.
  @Test(arguments: [1, 3])
  func answersDoNotWaitForLinesToCome(_ together: Int) {
    var (output, errors, sent) = ("", "", 0)
    let console = Console(
      input: InputLines { waits in
        guard waits else { return .nothing }
        #expect(output.filter { $0 == "\n" }.count == sent)
        guard sent < 9 else { return .end }
        sent += together
        return .bytes(Array((0..<together).map { $0 == 1 ? "\(Self.tooLong)\n" : "line \(sent)\n" }.joined().utf8))
      },
      output: { text throws(FormatError) in
        output += text
        return true
      }, errors: { errors += $0 })
    #expect(RunCommand.execute([patched, "--json", "--max-tokens", "3"], on: console) == (together == 1 ? 0 : 1))
    #expect(sent == 9)
  }

  @Test func aSystemMessageThatTheTemplateRefusesIsAnErrorOfEachLine() throws {
    let path = folder.file("chat")
    try FileManager.default.copyItem(atPath: base, toPath: path)
    let config: JSONNode = [
      "bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>",
      "chat_template": .string(
        "{% for message in messages %}{% if message.role == 'system' %}{{ raise_exception('no system message') }}{% endif %}"
          + "{{ bos_token + '[INST] ' + message['content'] + ' [/INST]' if message.role == 'user' else message.content + eos_token }}"
          + "{% endfor %}"),
    ]
    try folder.write(config.bytes(), to: "chat/tokenizer_config.json")
    let arguments = [path, "--chat", "--max-tokens", "3"]
    let refused = Capture().run(RunCommand.self, arguments + ["--system", "x"], input: ["one", "two"])
    #expect(refused.status == 1 && refused.output.isEmpty && refused.errorLines.count == 2)
    // Each line is a conversation of its own.
    let together = Capture().run(RunCommand.self, arguments, input: ["one", "two"]).output
    #expect(together == ["one", "two"].map { Capture().run(RunCommand.self, arguments + [$0]).output }.joined())
  }
}

#if os(Linux)
  extension PromptBatchTests {
    /// The program itself, asked line by line through a pipe by one who waits for each answer.
    @Test func aPipeGetsItsAnswersLineByLine() throws {
      let process = Process()
      let (input, output) = (Pipe(), Pipe())
      process.executableURL = URL(fileURLWithPath: try ChildProcess.path(of: "run"))
      process.arguments = [base, "--json", "--max-tokens", "3"]
      (process.standardInput, process.standardOutput) = (input, output)
      try process.run()
      for text in ["one", "two", "three"] {
        try input.fileHandleForWriting.write(contentsOf: Array("\(text)\n".utf8))
        var line = Data()
        while line.last != UInt8(ascii: "\n"), let byte = try output.fileHandleForReading.read(upToCount: 1) {
          line += byte
        }
        #expect(try JSONDocument(Array(line), location: "output").root["prompt"]?.string == text)
      }
      try input.fileHandleForWriting.close()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
    }
  }
#endif
