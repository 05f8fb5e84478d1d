import Format
import Runtime

/// The options of a `run` command line.
public struct RunOptions: Sendable {
  public var model: ModelFile
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
  /// Whether to go on where the model's numbers are not finite.
  public var force: Bool
  /// Files whose memories are applied beside the model's own.
  public var memoryFiles: [String]
  /// Whether the memories of these files may be made for another base.
  public var anyBase: Bool
  /// Whether prompts are user turns in the model's chat template.
  public var chat: Bool
  /// The system message of a conversation.
  public var system: String?
  /// The name of one of the model's chat templates; nil for the default.
  public var template: String?
  /// What the chat template reads beside the messages.
  public var variables: [(String, JSONNode)]
  /// What the chat template takes for today; nil for the present moment.
  public var date: TemplateDate?
  /// A file of conversations to be answered; nil for prompts.
  public var messages: String?

  /// - Throws: `UsageError` for values out of range and for options that exclude each other.
  public init(_ arguments: ParsedArguments) throws(UsageError) {
    model = try ModelFile(arguments.operands[0], arguments)
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
    force = arguments.has("force")
    memoryFiles = arguments.texts("memory")
    anyBase = arguments.has("any-base")
    messages = try arguments.file("messages")
    chat = arguments.has("chat") || messages != nil
    system = arguments.texts("system").last
    template = arguments.texts("template").last
    variables = try arguments.assignments("variable").map { name, value in
      (name, (try? JSONDocument(Array(value.utf8), location: name)).map { JSONNode($0.root) } ?? .string(value))
    }
    date = try Self.date(arguments)
    try arguments.require("memory", for: "any-base")
    if messages == nil { try arguments.require("chat", for: "system", "template", "variable", "date") }
    try arguments.requireAtMostOne(of: "compare", "no-memories")
    try arguments.requireAtMostOne(of: "messages", "system")
    if messages != nil, prompt != nil { throw UsageError("--messages takes the place of the prompt") }
  }

  private static func date(_ arguments: ParsedArguments) throws(UsageError) -> TemplateDate? {
    guard let text = arguments.texts("date").last else { return nil }
    guard let date = TemplateDate(day: text) else {
      throw UsageError("--date: wrong value, expected a day such as 2025-01-31, got \(text)")
    }
    return date
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
      ModelFile.dtypeOption,
      CommandOption("chat", help: "take prompts as what a user says, in the model's chat template"),
      CommandOption("system", value: "TEXT", help: "with --chat: the system message"),
      CommandOption(
        "messages", value: "FILE",
        help:
          "answer the conversations of a JSON file, as the OpenAI API writes them: a list of messages, an object with "
          + "\"messages\" (and \"tools\"), or one of these per line"),
      CommandOption("template", value: "NAME", help: "with --chat: one of several chat templates that the model has"),
      CommandOption(
        "variable", value: "NAME=VALUE", isRepeatable: true,
        help:
          "with --chat: what the template reads beside the messages, such as enable_thinking=false; may be given several "
          + "times"),
      CommandOption("date", value: "DAY", help: "with --chat: the day that the template takes for today (2025-01-31)"),
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
      CommandOption("force", help: "go on where the model's numbers are not finite"),
      CommandOption("quiet", help: "no prompt sign and no notes on standard error"),
    ],
    statuses: [
      (0, "every prompt was continued"),
      (1, "something failed, be it one prompt of several: the others are continued"),
      (2, "the command line is wrong"),
    ])
}
