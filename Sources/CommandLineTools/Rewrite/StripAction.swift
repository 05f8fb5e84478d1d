import Format

/// Takes everything out that patching added, but what a base without a file of its own cannot be run without.
struct StripAction: RewriteAction {
  static let askedBy = ["strip"]
  static let taken = ModelFile.options + ["output", "dry-run", "force", "json", "quiet"]

  var base: ModelFile
  /// nil in a dry run.
  var output: String?
  var force: Bool
  var json: Bool
  var quiet: Bool

  init(_ arguments: ParsedArguments) throws(UsageError) {
    base = try ModelFile(arguments.soleOperand(), arguments)
    let (output, isDry) = (try arguments.safetensors("output", letter: "o"), arguments.has("dry-run"))
    guard output != nil || isDry else { throw UsageError("-o FILE is missing: where the base goes (or --dry-run)") }
    self.output = isDry ? nil : output
    force = arguments.has("force")
    json = arguments.has("json")
    quiet = arguments.has("quiet")
  }

  func run(on console: Console) throws -> Int32 {
    let progress = ProgressLine(RewriteCommand.table.name, on: console, quiet: quiet)
    let checkpoint = try base.open()
    if let output {
      try checkpoint.writeBase(to: output, replacing: force, keepsCompanions: true) {
        progress.tell(StepProgress("writing", $0, of: $1))
      }
    }
    progress.end()
    let (names, count) = (checkpoint.memories.map(\.name), checkpoint.tensors.count)
    try afterWriting([output].compactMap(\.self)) {
      if json {
        let node: JSONNode = ["stripped": JSONNode(names), "tensors": .int(count)]
        try console.write(node.text() + "\n")
      } else {
        let stays = !checkpoint.wasOneFile && CompanionFile.allCases.contains { checkpoint.companion($0) != nil }
        try console.write(
          "stripped \(names.count) memories" + (stays ? "" : " and the embedded files") + "; \(count) base tensors"
            + (stays ? " and the embedded files" : "") + " remain\n")
      }
    }
    return 0
  }
}
