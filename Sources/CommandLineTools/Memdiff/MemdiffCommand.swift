import Format

/// `memdiff`: compares the memories of two files, as diff(1) compares lines.
public enum MemdiffCommand: Command {
  /// As with diff(1), 1 means different, so that every trouble is 2.
  public static let failureStatus: Int32 = 2

  public static let table = CommandTable(
    name: "memdiff",
    summary: "Compares the memories that two model files carry, or lists those of one.",
    forms: ["A B [--json | --summary]", "--show FILE"],
    operands: [
      CommandOperand("A", isRequired: false, help: "the old file, patched or not"),
      CommandOperand("B", isRequired: false, help: "the new one"),
    ],
    options: [
      CommandOption("json", help: "print the differences as one JSON object"),
      CommandOption("summary", help: "print the last line alone"),
      CommandOption(
        "show", value: "FILE",
        help: "print the memories of FILE, one a line; as a git textconv it makes git diff readable"),
    ],
    statuses: [(0, "no differences"), (1, "some differences"), (2, "trouble")])

  public static func run(_ arguments: ParsedArguments, on console: Console) throws -> Int32 {
    try arguments.requireAtMostOne(of: "json", "summary", "show")
    if let file = arguments.text("show") {
      if let other = arguments.operands.first {
        throw UsageError("--show takes one file alone, got \"\(other)\" too")
      }
      let lines = try Checkpoint(path: file).memories.map { memoryLine($0) + "\n" }
      try console.write(lines.joined())
      return 0
    }
    guard arguments.operands.count == 2 else {
      throw UsageError("\(arguments.operands.isEmpty ? "A and B are" : "B is") missing")
    }
    let old = try Checkpoint(path: arguments.operands[0])
    let diff = try TableDiff(old, Checkpoint(path: arguments.operands[1]))
    if arguments.has("json") {
      try console.write(diff.json.text() + "\n")
    } else {
      let lines = (arguments.has("summary") ? [] : diff.lines) + [diff.summary]
      try console.write(lines.map { $0 + "\n" }.joined())
    }
    return diff.isEmpty ? 0 : 1
  }
}
