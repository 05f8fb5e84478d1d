import Runtime

/// The options of a `run` command line.
public struct RunOptions: Sendable, Equatable {
  public var model: String
  /// nil reads prompts from standard input.
  public var prompt: String?
  public var maxTokens: Int
  public var sampling: Sampling
  /// nil for one per processor.
  public var threads: Int?
  public var json: Bool
  /// The number of likeliest tokens to print at each new token.
  public var logprobs: Int
  public var trace: Bool
  public var compare: Bool
  public var noMemories: Bool
  /// The names of memories to leave out.
  public var disabled: [String]
  public var quiet: Bool
  /// Files whose memories are applied beside the model's own.
  public var memoryFiles: [String]
  /// Whether the memories of these files may be made for another base.
  public var anyBase: Bool
  /// Whether prompts are user turns in the model's chat template.
  public var chat: Bool
  /// The system message of a conversation.
  public var system: String?

  /// - Throws: `UsageError` for values out of range and for options that exclude each other.
  public init(_ arguments: ParsedArguments) throws(UsageError) {
    model = arguments.operands[0]
    prompt = arguments.operands.count > 1 ? arguments.operands[1] : nil
    maxTokens = try arguments.integer("max-tokens", in: 0...Int.max) ?? 32
    sampling = Sampling(
      temperature: try arguments.number("temperature", expected: "a number, 0 or more") { $0 >= 0 } ?? 0,
      topK: try arguments.integer("top-k", in: 1...Int.max),
      topP: try arguments.number("top-p", expected: "a number above 0 and at most 1") { $0 > 0 && $0 <= 1 },
      seed: try arguments.integer("seed", in: 0...UInt64.max) ?? 0)
    threads = try arguments.threads()
    json = arguments.has("json")
    logprobs = try arguments.integer("logprobs", in: 0...100) ?? 0
    trace = arguments.has("trace")
    compare = arguments.has("compare")
    noMemories = arguments.has("no-memories")
    disabled = arguments.texts("disable")
    quiet = arguments.has("quiet")
    memoryFiles = arguments.texts("memory")
    anyBase = arguments.has("any-base")
    chat = arguments.has("chat")
    system = arguments.texts("system").last
    try arguments.require("memory", for: "any-base")
    try arguments.require("chat", for: "system")
    try arguments.requireAtMostOne(of: "compare", "no-memories")
  }

  /// The options that do nothing at temperature 0, where the likeliest token is always taken.
  var idleSamplingOptions: [String] {
    guard sampling.temperature == 0 else { return [] }
    return (sampling.topK == nil ? [] : ["--top-k"]) + (sampling.topP == nil ? [] : ["--top-p"])
  }

  public static let table = CommandTable(
    name: "run",
    summary: "Continues prompts with a model, applying the memories that its file carries.",
    forms: ["MODEL [\"prompt\"] [options]"],
    operands: [
      CommandOperand(
        "MODEL",
        help: "a .safetensors file, a folder (also with model.safetensors.index.json), or a .gguf file; "
          + "config and tokenizer come from inside the file or stand beside it"),
      CommandOperand(
        "prompt", isRequired: false, isFile: false,
        help: "the text to continue; without it, each line of standard input that is not blank is one (at a terminal, "
          + ":help lists what else)"),
    ],
    options: [
      CommandOption("max-tokens", value: "N", help: "at most N new tokens (default 32)"),
      CommandOption("temperature", value: "T", help: "0 always takes the likeliest token (default 0)"),
      CommandOption("top-k", value: "K", help: "with a temperature: sample among the K likeliest tokens"),
      CommandOption(
        "top-p", value: "P",
        help: "with a temperature: sample among the likeliest tokens that reach probability P together"),
      CommandOption("seed", value: "N", help: "the seed of sampling (default 0)"),
      CommandOption("threads", value: "N", help: "at most N threads (default: one per processor)"),
      CommandOption(
        "chat", help: "take prompts as user turns, in the model's chat template (ChatML, Llama 3, Mistral, Gemma)"),
      CommandOption("system", value: "TEXT", help: "with --chat: the system message"),
      CommandOption(
        "json",
        help: "print one JSON object per prompt, on one line; with the key \"error\" for one that cannot be continued"),
      CommandOption("logprobs", value: "K", help: "print the K likeliest tokens at each new token"),
      CommandOption(
        "trace", help: "mark the tokens that memories act on, and print which memory, where and how strongly"),
      CommandOption("compare", help: "show the base model beside the patched one"),
      CommandOption(
        "memory", value: "FILE", isRepeatable: true,
        help: "apply the memories of a sidecar or patched file too; may be given several times"),
      CommandOption("any-base", help: "with --memory: also memories that were made for another base"),
      CommandOption("no-memories", help: "run the base model alone"),
      CommandOption(
        "disable", value: "NAME", isRepeatable: true,
        help: "leave a memory out; may be given several times"),
      CommandOption("quiet", help: "no prompt sign and no notes on standard error"),
    ],
    statuses: [
      (0, "every prompt was continued"),
      (1, "something failed, be it one prompt of several: the others are continued"),
      (2, "the command line is wrong"),
    ])
}
