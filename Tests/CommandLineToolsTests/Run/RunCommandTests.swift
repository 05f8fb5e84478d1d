import Foundation
import TestSupport
import Testing

@testable import CommandLineTools
@testable import Format

@Suite struct RunCommandTests {
  private static let help = """
    usage: run MODEL ["prompt"] [options]

    Continues prompts with a model, applying the memories that its file carries.

      MODEL   a .safetensors file, a folder (also with
              model.safetensors.index.json), or a .gguf file; config and tokenizer
              come from inside the file or stand beside it
      prompt  the text to continue; without it, each line of standard input that is
              not blank is one (at a terminal, :help lists what else)

          --max-tokens N         at most N new tokens (default 32)
          --temperature T        0 always takes the likeliest token (default 0)
          --top-k K              with a temperature: sample among the K likeliest
                                 tokens
          --top-p P              with a temperature: sample among the likeliest
                                 tokens that reach probability P together
          --seed N               the seed of sampling (default 0)
          --threads N            at most N threads (default: one per processor)
          --dtype bf16|f16|f32   the type that tensors of a .gguf file are converted
                                 to (default: F16, BF16 and F32 stay, others become
                                 F32)
          --chat                 take prompts as what a user says, in the model's
                                 chat template
          --system TEXT          with --chat: the system message
          --messages FILE        answer the conversations of a JSON file, as the
                                 OpenAI API writes them: a list of messages, an
                                 object with "messages" (and "tools"), or one of
                                 these per line
          --template NAME        with --chat: one of several chat templates that the
                                 model has
          --variable NAME=VALUE  with --chat: what the template reads beside the
                                 messages, such as enable_thinking=false; may be
                                 given several times
          --date DAY             with --chat: the day that the template takes for
                                 today (2025-01-31)
          --json                 print one JSON object per prompt, on one line; with
                                 the key "error" for one that cannot be continued
          --logprobs K           print the K likeliest tokens at each new token
          --trace                mark the tokens that memories act on, and print
                                 which memory, where and how strongly
          --compare              show the base model beside the patched one
          --memory FILE          apply the memories of a sidecar or patched file
                                 too; may be given several times
          --any-base             with --memory: also memories that were made for
                                 another base
          --no-memories          run the base model alone
          --disable NAME         leave a memory out; may be given several times
          --force                go on where the model's numbers are not finite
          --quiet                no prompt sign and no notes on standard error
          --completions SHELL    print a script that makes a shell (bash, zsh, fish)
                                 complete this command
          --manual               print the manual page, for man
      -h, --help                 print this help
          --version              print the version

    exit status:
      0  every prompt was continued
      1  something failed, be it one prompt of several: the others are continued
      2  the command line is wrong

    """

  @Test func help() {
    let outcome = run(RunCommand.self, "--help")
    #expect(outcome.status == 0 && outcome.errors.isEmpty && outcome.output == Self.help)
  }

  @Test func version() {
    let outcome = run(RunCommand.self, "--version")
    #expect(outcome.status == 0 && outcome.output == "run \(toolVersion)\n" && outcome.errors.isEmpty)
  }

  @Test(arguments: [
    ("--max-tokens=-1", "--max-tokens: expected a whole number, 0 or more, got \"-1\""),
    ("--temperature=-0.5", "--temperature: expected a number, 0 or more, got \"-0.5\""),
    ("--top-p=0", "--top-p: expected a number above 0 and at most 1, got \"0\""),
    ("--top-p=1.01", "--top-p: expected a number above 0 and at most 1, got \"1.01\""),
    ("--top-k=0", "--top-k: expected a whole number, 1 or more, got \"0\""),
    ("--logprobs=101", "--logprobs: expected a whole number, 0 to 100, got \"101\""),
    ("--threads=0", "--threads: expected a whole number, 1 to 256, got \"0\""),
    ("--no-memorie", "unknown option --no-memorie, the nearest is --no-memories"),
  ])
  func usageErrors(_ argument: String, _ message: String) {
    let outcome = run(RunCommand.self, "model", "prompt", argument)
    #expect(outcome.status == 2 && outcome.output.isEmpty)
    #expect(outcome.errors == "run: \(message) (see run --help)\n")
  }

  @Test func compareNeedsMemories() {
    let outcome = run(RunCommand.self, "model", "prompt", "--compare", "--no-memories")
    #expect(outcome.status == 2)
    #expect(outcome.errors == "run: --compare and --no-memories exclude each other (see run --help)\n")
  }

  @Test func aMissingFileIsOneLine() {
    let outcome = run(RunCommand.self, "/no/such/model.safetensors", "prompt")
    #expect(outcome.status == 1 && outcome.output.isEmpty)
    #expect(outcome.errors == "run: /no/such/model.safetensors: no such file or folder\n")
  }

  @Test func aModelWithoutConfigIsOneLine() throws {
    let folder = try TemporaryFolder()
    let file = folder.file("model.safetensors")
    try FileManager.default.copyItem(atPath: "\(fixture("gpt2-a"))/model.safetensors", toPath: file)
    let outcome = run(RunCommand.self, file, "prompt")
    #expect(outcome.status == 1 && outcome.output.isEmpty)
    #expect(outcome.errorLines.count == 1)
    #expect(outcome.errors.hasPrefix("run: \(file)"))
    #expect(outcome.errors.contains("config.json"))
  }

  @Test func disablingAnUnknownMemoryNamesThoseOfTheFile() throws {
    let folder = try TemporaryFolder()
    let file = folder.file("patched.safetensors")
    try Checkpoint(path: fixture("gpt2-a")).write(memories: [memory("nepal"), memory("tokyo")], to: file)
    let unknown = run(RunCommand.self, file, "prompt", "--disable", "nepal", "--disable", "peru")
    #expect(unknown.status == 1)
    #expect(
      unknown.errors == "run: \(file): no such memory to disable, expected one of nepal, tokyo, got peru\n")
    let base = run(RunCommand.self, fixture("gpt2-a"), "prompt", "--disable", "peru")
    #expect(base.errors == "run: \(fixture("gpt2-a")): holds no memories to disable, got peru\n")
  }

  @Test func disabledMemoriesAreTakenByTheBytesOfTheirNames() throws {
    let folder = try TemporaryFolder()
    let file = folder.file("patched.safetensors")
    try Checkpoint(path: fixture("gpt2-a")).write(
      memories: [memory("caf\u{E9}"), memory("cafe\u{301}")], to: file)
    let rest = try RunCommand.memories(of: Checkpoint(path: file), without: ["cafe\u{301}"])
    #expect(rest.map { ByteString($0.name) } == [ByteString("caf\u{E9}")])
  }
}
