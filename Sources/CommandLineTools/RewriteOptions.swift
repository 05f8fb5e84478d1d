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
    base = arguments.operands[0]
    action = try Self.action(arguments)
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
    if action == .verify {
      if let name = ["output", "sidecar", "dry-run", "force"].first(where: arguments.has) {
        throw UsageError("--verify and --\(name) exclude each other: nothing is written")
      }
    } else {
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

  private static func action(_ arguments: ParsedArguments) throws(UsageError) -> Action {
    let whole = ["strip", "verify"]
    for (name, others) in [
      ("strip", ["spec", "remove", "merge", "sidecar"]), ("verify", whole + ["spec", "remove", "merge"]),
    ] {
      for other in others where other != name { try arguments.requireAtMostOne(of: name, other) }
    }
    if arguments.has("strip") { return .strip }
    if arguments.has("verify") { return .verify }
    let (removed, merged) = (arguments.texts("remove"), arguments.texts("merge"))
    if let spec = arguments.text("spec") { return .compile(spec: spec, remove: removed, merge: merged) }
    guard !removed.isEmpty || !merged.isEmpty || arguments.has("sidecar") else {
      throw UsageError("--spec FILE is missing (or --remove NAME, --merge FILE, --sidecar FILE, --strip, --verify)")
    }
    return .edit(remove: removed, merge: merged)
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
    ],
    operands: [
      CommandOperand(
        "BASE",
        help: "a .safetensors file, a folder (also with model.safetensors.index.json), a .gguf file, or a "
          + "patched file: its memories stay, one of the same name is replaced")
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
