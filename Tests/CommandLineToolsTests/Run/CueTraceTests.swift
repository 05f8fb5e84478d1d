import Runtime
import TestSupport
import Testing

@testable import CommandLineTools
@testable import Format

/// What `run` tells about memories that ask for cues, and that it tells the old things of others.
@Suite struct CueTraceTests {
  private let model: LanguageModel
  private let prompt = "the city of the north"

  init() throws {
    var checkpoint = try Checkpoint(path: fixture("gpt2-a"))
    checkpoint.memories = [Self.gated(), wideMemory("plain")]
    model = try LanguageModel(checkpoint, pool: WorkerPool(threads: 1))
  }

  /// A memory that acts on every token, by a cue of each mode.
  private static func gated() -> Memory {
    var memory = wideMemory("Nepal")
    let module = ByteString("transformer.h.0.attn.c_proj")
    memory.rows[0].cues = [.seen, .here].map {
      MemoryCue(mode: $0, module: module, boundary: 1e6, hardness: 3, key: [Float](repeating: 1, count: 48))
    }
    return memory
  }

  /// What a session on the model writes.
  private func capture(
    _ options: [String], input: [String] = [], _ body: (RunSession, Console) throws -> Void
  ) throws -> (output: String, errors: String) {
    var (output, errors) = ("", "")
    let console = Console(
      input: InputLines(input),
      output: { text throws(FormatError) in
        output += text
        return true
      }, errors: { errors += $0 })
    let arguments = try RunCommand.table.parse([fixture("gpt2-a"), "--max-tokens", "2"] + options)
    let session = RunSession(
      model: model, options: try RunOptions(arguments), console: console, memories: model.memories, template: nil,
      date: TemplateDate(),
      loadSeconds: 0)
    try body(session, console)
    return (output, errors)
  }

  private func answer(_ options: String...) throws -> (output: String, errors: String) {
    try capture(options) { session, _ in
      var session = session
      try session.answer(prompt)
    }
  }

  @Test func traceSaysWhereCuesWerePresent() throws {
    let lines = try answer("--trace").errors.split(separator: "\n")
    #expect(lines.contains("(1) plain") && lines.contains("(2) Nepal: seen at 0, here at 0, asked at 0"))
    let count = try model.encode(prompt).count + 1
    #expect(lines.count == 2 + 2 * count)
    let acting = lines.dropFirst(2).filter { $0.hasPrefix("Nepal") }
    for (position, line) in acting.enumerated() {
      #expect(line.contains("  token \(position) \""))
      #expect(line.hasSuffix("  seen at 0, here at \(position), asked at \(position)"), "\(line)")
    }
    #expect(acting.count == count && lines.filter { $0.hasPrefix("plain") }.allSatisfy { !$0.contains("seen") })
  }

  @Test func jsonHasTheCuesOfRowsThatAskForThem() throws {
    let output = try answer("--json").output
    let fired = try #require(
      JSONDocument(Array(output.utf8.dropLast()), location: "output").root["fired"]
    ).elements
    #expect(fired.count > 2)
    for firing in fired {
      let keys = ["memory", "module", "position", "similarity", "strength"]
      guard firing["memory"]?.string == "Nepal" else {
        #expect(firing.members.map(\.key.description) == keys)
        continue
      }
      #expect(firing.members.map(\.key.description) == keys + ["cues"])
      let cues = try #require(firing["cues"]).elements
      #expect(cues.allSatisfy { $0.members.map(\.key.description) == ["mode", "position", "strength"] })
      #expect(cues.map { $0["mode"]?.string } == ["seen", "here"])
      #expect(cues.map { $0["position"]?.int } == [0, firing["position"]?.int])
      #expect(cues.allSatisfy { $0["strength"]?.double == 1 })
    }
  }

  @Test func theListOfMemoriesTellsWhereTheyActed() throws {
    let input = [":memories", prompt, ":memories", ":off Nepal", prompt, ":memories"]
    let lines = try capture(["--quiet"], input: input) { session, console in
      var loop = PromptLoop(session, on: console)
      _ = try loop.run()
    }.errors.split(separator: "\n")
    let fact = "\"The capital city of Nepal is located in\" → \" Kathmandu\""
    #expect(
      lines == [
        "on   Nepal  \(fact)", "on   plain  \(fact)",
        "on   Nepal  \(fact)  seen at 0, here at 0, asked at 0", "on   plain  \(fact)",
        "Nepal is off", "off  Nepal  \(fact)", "on   plain  \(fact)",
      ])
  }
}
