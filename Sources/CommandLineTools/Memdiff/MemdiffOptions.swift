import Format

/// The action and the options of a `memdiff` command line.
public struct MemdiffOptions: Sendable, Equatable {
  public enum Action: Sendable, Equatable {
    /// Compares the tables of two files.
    case compare(ModelFile, ModelFile)
    /// Compares the answers of two models to the prompts of a file.
    case behavior(ModelFile, ModelFile, prompts: String)
    /// Lists the memories of a file.
    case show(String)
    /// Prints the spec of a file's memories, or of those of one step.
    case showSpec(String, step: Int?)
    /// Lists the base and the memories of a file, as git's textconv has it.
    case textconv(String)
    /// Merges the memories of two versions of a file.
    case merge(FileMerge)
    /// Prints what to set in git, or sets it.
    case installGit(write: Bool)
  }

  public var action: Action
  public var json: Bool
  public var summary: Bool
  /// Whether differences are listed by what their memories are about.
  public var bySubject: Bool
  public var color: ColorChoice
  /// The length of an answer in tokens.
  public var maxTokens: Int
  /// nil for one per processor.
  public var threads: Int?
  public var quiet: Bool

  /// - Throws: `UsageError` for what is missing or out of range, and for options that exclude each other.
  public init(_ arguments: ParsedArguments) throws(UsageError) {
    let modes = ["behavior", "show", "textconv", "merge-files", "install-git"]
    for mode in modes.dropFirst() {
      for other in modes + ["json", "summary", "by-subject", "dtype"] where other != mode {
        try arguments.requireAtMostOne(of: other, mode)
      }
    }
    for other in ["json", "summary", "behavior"] { try arguments.requireAtMostOne(of: other, "by-subject") }
    try arguments.requireAtMostOne(of: "json", "summary")
    try arguments.require("behavior", for: "prompts", "max-tokens", "threads")
    try arguments.require("install-git", for: "write")
    try arguments.require("show", for: "spec")
    try arguments.require("spec", for: "step")
    try arguments.require("merge-files", for: "label")
    action = try Self.action(arguments)
    json = arguments.has("json")
    summary = arguments.has("summary")
    bySubject = arguments.has("by-subject")
    color = try arguments.choice("color") ?? .auto
    maxTokens = try arguments.integer("max-tokens", in: 1...1_000_000) ?? 10
    threads = try arguments.threads()
    quiet = arguments.has("quiet")
  }

  private static func action(_ arguments: ParsedArguments) throws(UsageError) -> Action {
    let files = arguments.operands
    for name in ["show", "textconv"] {
      guard let file = arguments.text(name) else { continue }
      if let other = files.first { throw UsageError("--\(name) takes one file alone, got \"\(other)\" too") }
      if arguments.has("spec") { return .showSpec(file, step: try arguments.integer("step", in: 1...1_000_000)) }
      return name == "show" ? .show(file) : .textconv(file)
    }
    if arguments.has("install-git") {
      if let file = files.first { throw UsageError("--install-git takes no file, got \"\(file)\"") }
      return .installGit(write: arguments.has("write"))
    }
    guard files.count == 2 else {
      let isPlain = !arguments.has("merge-files") && !arguments.has("behavior")
      let hint = isPlain ? "; --show FILE lists the memories of one file" : ""
      throw UsageError("\(files.isEmpty ? "A and B are" : "B is") missing\(hint)")
    }
    if let base = arguments.text("merge-files") {
      return .merge(FileMerge(base: base, ours: files[0], theirs: files[1], label: arguments.text("label")))
    }
    let (old, new) = (try ModelFile(files[0], arguments), try ModelFile(files[1], arguments))
    guard arguments.has("behavior") else { return .compare(old, new) }
    guard let prompts = arguments.text("prompts") else {
      throw UsageError("--prompts FILE is missing: what to run through A and B")
    }
    return .behavior(old, new, prompts: prompts)
  }

  public static let table = CommandTable(
    name: "memdiff",
    summary:
      "Compares the memories that two model files carry and their base tensors, or lists the memories of one file.",
    forms: [
      "A B [--json | --summary | --by-subject]", "--behavior A B --prompts FILE [--json | --summary]",
      "--show FILE [--spec [--step N]]",
      "--merge-files BASE A B", "--install-git [--write]",
    ],
    operands: [
      CommandOperand("A", isRequired: false, help: "the old file, patched or not; /dev/null stands for no file"),
      CommandOperand("B", isRequired: false, help: "the new file"),
    ],
    options: [
      CommandOption("json", help: "print the differences as one JSON object"),
      CommandOption("summary", help: "print the last line alone"),
      CommandOption("by-subject", help: "list the differences under what their memories are about"),
      CommandOption(
        "color", value: "auto|always|never",
        help: "auto, the default, colors a terminal unless NO_COLOR is set or TERM is dumb"),
      CommandOption(
        "behavior", aliases: ["behaviour"],
        help: "run prompts through A and B and print those that they answer differently"),
      CommandOption(
        "prompts", value: "FILE",
        help: "for --behavior: prompts, one per line that is not blank, or a spec, whose prompts are all run"),
      CommandOption("max-tokens", value: "N", help: "for --behavior: the length of an answer (default 10)"),
      CommandOption("threads", value: "N", help: "for --behavior: at most N threads (default: one per processor)"),
      CommandOption("quiet", help: "no notes and no progress on standard error"),
      ModelFile.dtypeOption,
      CommandOption("show", value: "FILE", help: "print the memories of FILE, one per line"),
      CommandOption(
        "spec",
        help:
          "for --show: print the spec that they were compiled from, to be edited and compiled again; what a compile "
          + "of the same bytes must be given beside it is told on standard error"),
      CommandOption(
        "step", value: "N", help: "for --spec: the memories that the Nth compile added to those before, alone"),
      CommandOption(
        "textconv", value: "FILE",
        help: "the same for git, after a line about the base; a file that cannot be read gives a line that says so, "
          + "since git stops at a failure"),
      CommandOption(
        "merge-files", value: "FILE",
        help: "merge the memories of A and B by name, FILE being what both come from, and write the result to A; the "
          + "base has to be the same; at a conflict A stays as it is"),
      CommandOption("label", value: "NAME", help: "for --merge-files: the name of A in messages"),
      CommandOption(
        "install-git",
        help: "print how to set git up, so that git diff and git log -p show memories, git difftool calls memdiff and "
          + "git merge merges memories"),
      CommandOption("write", help: "for --install-git: set it up in the repository of the current folder"),
    ],
    statuses: [
      (0, "no differences"), (1, "some differences, or a conflict"),
      (2, "trouble, be it one prompt that A or B cannot take: the others are compared"),
    ])
}
