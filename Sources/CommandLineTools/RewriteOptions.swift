import Format
import Rewriter

/// What a `rewrite` command line asks for.
public struct RewriteOptions: Sendable, Equatable {
  /// What becomes of the base's tables.
  public enum Action: Sendable, Equatable {
    /// Compiles the memories of a spec and adds them, once others were taken out and those of other files added.
    case compile(spec: String, remove: [String], merge: [String])
    /// Takes memories out and adds those of other files.
    case edit(remove: [String], merge: [String])
    /// Takes everything out that patching added.
    case strip
    /// Compares what the file says of itself with what it holds.
    case verify
    /// Tells what one memory does; `prompts` and those of the files, or, without any, those it was compiled with.
    case explain(name: String, prompts: [String], files: [String])
    /// Writes a first spec for a fact.
    case start(prompt: String, target: String)
  }

  /// What tensors of a `.gguf` file become.
  public enum BaseDtype: String, Sendable, CaseIterable {
    case bf16, f16, f32

    public var dtype: Dtype {
      switch self {
      case .bf16: .bf16
      case .f16: .f16
      case .f32: .f32
      }
    }
  }

  /// Empty where a spec is begun without asking a model.
  public var base: String
  public var action: Action
  /// nil where no whole model is to be written.
  public var output: String?
  /// Where the memories go without the base.
  public var sidecar: String?
  /// Whether memories made for other bases are merged.
  public var anyBase: Bool
  /// Overrides the method of every memory; nil leaves it to the spec.
  public var method: MemorySpec.Method?
  public var json: Bool
  public var dryRun: Bool
  /// Whether an existing output may be replaced.
  public var force: Bool
  /// Whether the map of all tokens × layers is wanted.
  public var map: Bool
  /// Where the page for people goes.
  public var report: String?
  public var quiet: Bool
  public var seed: UInt64
  /// A text file to take as a background.
  public var background: String?
  /// A file that keeps what is computed of the base alone.
  public var statistics: String?
  /// nil for one a processor.
  public var threads: Int?
  /// nil keeps what the file has; only for `.gguf`.
  public var dtype: Dtype?

  /// - Throws: `UsageError` for values out of range and for options that are missing or exclude each other.
  public init(_ arguments: ParsedArguments) throws(UsageError) {
    (base, action) = try Self.action(arguments)
    output = arguments.text("output")
    sidecar = arguments.text("sidecar")
    anyBase = arguments.has("any-base")
    method = try arguments.choice("method")
    json = arguments.has("json")
    dryRun = arguments.has("dry-run")
    force = arguments.has("force")
    map = arguments.has("map")
    report = arguments.text("report")
    quiet = arguments.has("quiet")
    seed = try arguments.integer("seed", in: 0...UInt64.max) ?? 0
    background = arguments.text("background")
    statistics = arguments.text("statistics")
    threads = try arguments.integer("threads", in: 1...256)
    dtype = try arguments.choice("dtype", of: BaseDtype.self)?.dtype
    try arguments.require("merge", for: "any-base")
    switch action {
    case .verify: try Self.rejectOutputs(arguments, ["output", "sidecar", "dry-run", "force"], beside: "verify")
    case .explain: try Self.rejectOutputs(arguments, ["output", "sidecar", "dry-run", "force"], beside: "explain")
    case .start: break
    case .compile, .edit, .strip:
      guard output != nil || sidecar != nil || dryRun else {
        throw UsageError("-o FILE is missing: where the patched model goes (or --sidecar FILE, or --dry-run)")
      }
    }
    guard statistics?.isEmpty != true else { throw UsageError("--statistics: expected a file name, got an empty one") }
    guard output?.isEmpty != true else { throw UsageError("-o: expected a file name, got an empty one") }
    guard report?.isEmpty != true else { throw UsageError("--report: expected a file name, got an empty one") }
    guard sidecar?.isEmpty != true else { throw UsageError("--sidecar: expected a file name, got an empty one") }
    if case .compile = action { return }
    for name in ["method", "map", "report", "background", "statistics"] where arguments.has(name) {
      throw UsageError("--\(name) needs --spec: it is about the memories of a spec")
    }
  }

  /// - Throws: `UsageError` where a dtype is asked of a base that stays as it is.
  func checkDtype(for base: Checkpoint) throws(UsageError) {
    guard dtype == nil || base.isConverted else {
      throw UsageError("--dtype: only tensors of a .gguf file are converted")
    }
  }

  private static func rejectOutputs(
    _ arguments: ParsedArguments, _ names: [String], beside action: String
  ) throws(UsageError) {
    if let name = names.first(where: arguments.has) {
      throw UsageError("--\(action) and --\(name) exclude each other: nothing is written")
    }
  }

  /// The base and what becomes of it.
  private static func action(_ arguments: ParsedArguments) throws(UsageError) -> (base: String, Action) {
    let whole = ["strip", "verify", "explain", "init"]
    for name in whole {
      for other in whole + ["spec", "remove", "merge", "sidecar"] where other != name {
        if name == "verify" || name == "explain", other == "sidecar" { continue }
        try arguments.requireAtMostOne(of: name, other)
      }
    }
    try arguments.require("explain", for: "prompt", "prompts")
    let operands = arguments.operands
    if arguments.has("explain") {
      guard operands.count > 1 else { throw UsageError("NAME is missing: which memory of FILE to explain") }
      try rejectOperands(operands, from: 2)
      return (
        operands[0],
        .explain(name: operands[1], prompts: arguments.texts("prompt"), files: arguments.texts("prompts"))
      )
    }
    if arguments.has("init") {
      for name in ["json", "dry-run"] { try arguments.requireAtMostOne(of: "init", name) }
      guard operands.count > 1 else { throw UsageError("TARGET is missing: what should follow the prompt") }
      let fact = operands.suffix(2)
      return (operands.count > 2 ? operands[0] : "", .start(prompt: fact[fact.startIndex], target: fact.last!))
    }
    try rejectOperands(operands, from: 1)
    let base = operands[0]
    if arguments.has("strip") { return (base, .strip) }
    if arguments.has("verify") { return (base, .verify) }
    let (removed, merged) = (arguments.texts("remove"), arguments.texts("merge"))
    if let spec = arguments.text("spec") { return (base, .compile(spec: spec, remove: removed, merge: merged)) }
    guard !removed.isEmpty || !merged.isEmpty || arguments.has("sidecar") else {
      throw UsageError(
        "--spec FILE is missing (or --remove NAME, --merge FILE, --sidecar FILE, --strip, --verify, --explain, --init)")
    }
    return (base, .edit(remove: removed, merge: merged))
  }

  private static func rejectOperands(_ operands: [String], from count: Int) throws(UsageError) {
    if operands.count > count { throw UsageError("unexpected argument \"\(operands[count])\"") }
  }

  public static let table = CommandTable(
    name: "rewrite",
    summary: "Compiles memories offline and writes them, with the model, into one safetensors file.",
    forms: [
      "BASE --spec SPEC.json -o OUT.safetensors [options]",
      "BASE --remove NAME -o OUT.safetensors",
      "BASE --merge FILE -o OUT.safetensors",
      "FILE --sidecar OUT.memory.safetensors",
      "FILE --strip -o OUT.safetensors",
      "FILE --verify",
      "--explain FILE NAME [--prompt TEXT] [--prompts FILE]",
      "--init [BASE] PROMPT TARGET [-o SPEC.json]",
    ],
    operands: [
      CommandOperand(
        "BASE",
        help: "a .safetensors file, a folder (also with model.safetensors.index.json), a .gguf file, or a "
          + "patched file: its memories stay, one of the same name is replaced"),
      CommandOperand(
        "NAME or PROMPT", isRequired: false, isFile: false,
        help: "with --explain: a memory of FILE; with --init: a text"),
      CommandOperand("TARGET", isRequired: false, isFile: false, help: "with --init: what should follow the text"),
    ],
    options: [
      CommandOption("spec", value: "FILE", help: "the memories to compile: JSON, JSON lines, or a CounterFact file"),
      CommandOption("output", letter: "o", value: "FILE", help: "the file to write"),
      CommandOption("method", value: "auto|seed", help: "instead of the spec's method, for every memory"),
      CommandOption("map", help: "patch every token at every layer and show the map"),
      CommandOption(
        "report", value: "FILE", help: "write the results as one web page with pictures: maps, curves, what fired where"
      ),
      CommandOption("json", help: "print the results and what each pass took as one JSON object"),
      CommandOption("dry-run", help: "compile and measure, write no model"),
      CommandOption("force", help: "replace the output where it exists"),
      CommandOption(
        "remove", value: "NAME", isRepeatable: true, help: "take a memory out; may be given several times"),
      CommandOption(
        "merge", value: "FILE", isRepeatable: true,
        help: "add the memories of another patched file or sidecar of the same base; may be given several times"),
      CommandOption("any-base", help: "with --merge: also memories that were made for another base"),
      CommandOption(
        "sidecar", value: "FILE",
        help: "write the memories alone, for run --memory, --merge, and programs that refuse tensors they do not know"),
      CommandOption("verify", help: "compare hashes, tables and manifest with what the file holds; write nothing"),
      CommandOption(
        "explain",
        help: "tell what a memory does and how far prompts are from its bound; without prompts, those it was made with"),
      CommandOption(
        "prompt", value: "TEXT", isRepeatable: true, help: "with --explain: a prompt; may be given several times"),
      CommandOption(
        "prompts", value: "FILE", isRepeatable: true,
        help: "with --explain: a prompt a line, or a spec, whose prompts are all taken"),
      CommandOption(
        "init",
        help:
          "write a first spec to edit, with suggestions of what else should get the target and what should not; BASE "
          + "is asked for facts nearby"),
      CommandOption("strip", help: "take out everything that patching added"),
      CommandOption("dtype", value: "bf16|f16|f32", help: "what tensors of a .gguf file become"),
      CommandOption(
        "background", value: "FILE",
        help: "text, a passage a line, that memories should leave alone, instead of text that the model writes"),
      CommandOption(
        "statistics", value: "FILE",
        help: "keep that text and its activations there, or take them from there: for many rewrites of one base"),
      CommandOption("seed", value: "N", help: "for the text that the model writes (default 0)"),
      CommandOption("threads", value: "N", help: "at most so many threads (default: one a processor)"),
      CommandOption("quiet", help: "no progress on standard error"),
    ],
    statuses: [
      (0, "the file was written and every memory gives its target"), (1, "something failed"),
      (2, "the command line is wrong"),
      (
        3,
        "the file was written, but a memory does not give its target on its own prompt (memories of the method "
          + "seed whose settings are all pinned, and merged ones that do not by themselves, are only reported)"
      ),
    ])
}
