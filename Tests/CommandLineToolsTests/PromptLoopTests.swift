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

  @Test func chatNeedsATemplate() {
    let outcome = run(RunCommand.self, patched, "the", "--chat")
    #expect(outcome.status == 1 && outcome.output.isEmpty && outcome.errorLines.count == 1)
    #expect(outcome.errors.contains("no tokenizer_config.json inside the file or beside it"))
    #expect(run(RunCommand.self, patched, "the", "--system", "x").errors.contains("--system needs --chat"))
  }
}
