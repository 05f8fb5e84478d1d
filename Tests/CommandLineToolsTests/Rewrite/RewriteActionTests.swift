import Rewriter
import Testing

@testable import CommandLineTools
@testable import Format

/// The action that `rewrite` makes of a command line.
@Suite struct RewriteActionTests {
  private func action(_ arguments: String) throws -> any RewriteAction {
    try RewriteCommand.action(RewriteCommand.table.parse(arguments.split(separator: " ").map(String.init)))
  }

  private func compile(_ arguments: String) throws -> CompileAction {
    try #require(try action(arguments) as? CompileAction)
  }

  private func edit(_ arguments: String) throws -> EditAction { try #require(try action(arguments) as? EditAction) }

  @Test func everyOptionOfASpecArrives() throws {
    let action = try compile(
      "base --spec s.json -o out --method seed --json --force --seed 7 --threads 2 --remove a --remove b --dtype f16"
        + " --quiet --map --report r --figures f --background b --statistics t --table bf16")
    #expect(action.base.path == "base" && action.base.dtype == .f16 && action.spec == "s.json")
    #expect(action.edits.removed == ["a", "b"] && action.edits.merged == [])
    #expect(action.outputs.model == "out" && action.outputs.isReplacing)
    #expect(action.method == .seed && action.seed == 7 && action.threads == 2)
    #expect(
      action.told.report == "r" && action.told.figures == "f" && action.background == "b" && action.statistics == "t")
    #expect(action.told.isJSON && action.quiet && action.map && action.table == .bf16)
  }

  @Test func defaults() throws {
    let action = try compile("base --spec s.json --dry-run")
    #expect(action.outputs.files.isEmpty && action.method == nil && action.threads == nil && action.base.dtype == nil)
    #expect(action.told.report == nil && action.background == nil && action.statistics == nil && action.seed == 0)
    #expect(!action.told.isJSON && !action.outputs.isReplacing && !action.quiet && !action.map && action.table == nil)
  }

  @Test func sharesAndInterruptions() throws {
    let action = try compile("base --spec s --sidecar p --shard 3/16 --resume --keep-going")
    #expect(action.share == CompileShare(number: 3, count: 16) && action.resumes && action.keepsGoing)
    let plain = try compile("base --spec s -o out")
    #expect(plain.share == nil && !plain.resumes && !plain.keepsGoing)
    let common = try #require(try self.action("base --statistics t --seed 3") as? StatisticsAction)
    #expect(common.statistics == "t" && common.seed == 3)
  }

  @Test func aMergeTakesAllFilesOfAPattern() throws {
    #expect(try edit("base --merge a b c -o out --merge d").edits.merged == ["a", "b", "c", "d"])
    #expect(try edit("base --merge a b --table bf16 -o out").table == .bf16)
    // Before the base it takes one, as other options do.
    let first = try edit("--merge a base -o out")
    #expect(first.edits.merged == ["a"] && first.base.path == "base")
  }

  @Test func settingsAreTakenApartAtTheFirstSign() throws {
    let settings = try compile("base --spec s -o out --setting a=1 --setting=b=c=d --setting a=").settings
    #expect(settings.map(\.name) == ["a", "b", "a"] && settings.map(\.value) == ["1", "c=d", ""])
    #expect(try compile("base --spec s -o out").settings.isEmpty)
  }

  @Test func aDryRunWritesNoModelWhateverElseIsSaid() throws {
    #expect(try compile("base --spec s -o out --sidecar c --dry-run").outputs.files.isEmpty)
    #expect(try edit("base --remove a -o out --dry-run").outputs.files.isEmpty)
    #expect(try (action("base --strip -o out --dry-run") as? StripAction)?.output == .some(nil))
  }

  @Test func filesOfMemories() throws {
    #expect(try edit("base --merge a --merge b -o out").edits.merged == ["a", "b"])
    #expect(try edit("base --sidecar s").outputs.files == ["s"])
    #expect(try edit("base --remove a -o out").edits.removed == ["a"])
    let both = try compile("base --spec s.json --merge a --sidecar s --any-base")
    #expect(both.edits.merged == ["a"] && both.edits.anyBase)
    #expect(both.outputs.sidecar == "s" && both.outputs.model == nil)
  }

  @Test func wholeFiles() throws {
    let strip = try #require(try action("base --strip --output out --force") as? StripAction)
    #expect(strip.output == "out" && strip.force && !strip.json)
    let verify = try #require(try action("base --verify --json") as? VerifyAction)
    #expect(verify.base.path == "base" && verify.json && !verify.quiet)
  }

  @Test func explainingAndBeginningTakeMoreOperands() throws {
    let bare = try #require(try action("--explain f a") as? ExplainAction)
    #expect(bare.file == "f" && bare.name == "a" && bare.prompts.isEmpty && bare.files.isEmpty)
    let asked = try #require(try action("f --explain a --prompt x --prompt y --prompts p --json") as? ExplainAction)
    #expect(asked.file == "f" && asked.prompts == ["x", "y"] && asked.files == ["p"] && asked.json)
    let begun = try #require(try action("base --init p t -o o") as? InitAction)
    #expect(begun.base?.path == "base" && begun.prompt == "p" && begun.target == "t" && begun.output == "o")
    let alone = try #require(try action("--init p t") as? InitAction)
    #expect(alone.base == nil && alone.output == nil)
  }

  @Test func actionsTakeOptionsOfTheTableAndLeaveNoneOver() {
    let names = Set(RewriteCommand.table.options.map(\.name))
    let taken = RewriteCommand.actions.map { $0.askedBy + $0.taken }
    for (action, options) in zip(RewriteCommand.actions, taken) {
      #expect(names.isSuperset(of: options), "\(action)")
    }
    #expect(Set(taken.joined()) == names)
  }

  /// Whatever is asked for, an option that does not belong to it is refused in a line that names both.
  @Test func optionsOfOtherActionsAreRefused() throws {
    let table = RewriteCommand.table
    for action in RewriteCommand.actions {
      for asking in action.askedBy {
        for option in table.options where !action.takes(option.name) {
          // A spec takes an edit along.
          if RewriteCommand.actions.contains(where: { $0.askedBy.contains(option.name) && $0.takes(asking) }) {
            continue
          }
          var arguments = ParsedArguments()
          arguments.operands = ["base", "x", "y"]
          arguments.values = [asking: ["a"], option.name: ["b"]]
          let error = #expect(throws: UsageError.self) { try RewriteCommand.action(arguments) }
          let message = error?.message ?? ""
          #expect(message.contains("--\(option.name)"), "\(message)")
          #expect(message.contains("--\(asking)") || message.contains(" needs --"), "\(message)")
        }
      }
    }
  }

  @Test(arguments: [
    (
      "base -o out",
      "--spec FILE is missing (or --remove NAME, --merge FILE, --sidecar FILE, --strip, --verify, --explain, --init)"
    ),
    ("base --spec s --sidecar p --shard 0/3", "--shard: expected K/N, the K-th of N shares, got \"0/3\""),
    ("base --spec s --sidecar p --shard 4/3", "--shard: expected K/N, the K-th of N shares, got \"4/3\""),
    ("base --spec s --sidecar p --shard 4", "--shard: expected K/N, the K-th of N shares, got \"4\""),
    ("base --spec s -o out --shard 1/2", "--shard writes a part: --sidecar FILE instead of -o FILE"),
    ("base --update s --sidecar p --shard 1/2", "--shard and --update exclude each other"),
    ("base --spec s", "-o FILE is missing: where the patched model goes (or --sidecar FILE, or --dry-run)"),
    ("base --strip --spec s -o out", "--strip and --spec exclude each other"),
    ("base --strip --remove a -o out", "--strip and --remove exclude each other"),
    ("base --strip --sidecar s -o out", "--strip and --sidecar exclude each other"),
    ("base --strip --verify", "--strip and --verify exclude each other"),
    ("base --verify -o out", "--verify and --output exclude each other: nothing is written"),
    ("base --remove a --any-base -o out", "--any-base needs --merge"),
    ("base --strip -o out --map", "--map needs --spec: it is about the memories of a spec"),
    ("base --spec s -o out --method fast", "--method: expected auto or seed, got \"fast\""),
    ("base --spec s -o out --dtype q4", "--dtype: expected bf16 or f16 or f32, got \"q4\""),
    ("base --spec s -o out --threads 0", "--threads: expected a whole number, 1 to 256, got \"0\""),
    ("base --spec s -o out --seed -1", "--seed: expected a whole number, 0 or more, got \"-1\""),
    ("base --spec s --output=", "-o: expected a file name, got an empty one"),
    ("--spec s -o out", "BASE is missing"),
    ("base more --spec s -o out", "unexpected argument \"more\""),
    ("--explain base", "NAME is missing: which memory of FILE to explain"),
    ("--explain base a b", "unexpected argument \"b\""),
    ("--explain base a -o out", "--explain and --output exclude each other: nothing is written"),
    ("--explain base a --spec s", "--explain and --spec exclude each other"),
    ("base --spec s -o out --prompt p", "--prompt needs --explain"),
    ("--init a", "TARGET is missing: what should follow the prompt"),
    ("--init a b c d", "unexpected argument \"d\""),
    ("--init --explain a b", "--explain and --init exclude each other"),
    ("--init a b --sidecar s", "--init and --sidecar exclude each other"),
    ("--init a b --json", "--init and --json exclude each other"),
    ("--init a b --map", "--map needs --spec: it is about the memories of a spec"),
    ("base --spec s -o out --setting a", "--setting: expected NAME=VALUE, got \"a\""),
    ("base --spec s -o out --setting a=1 --setting =2", "--setting: expected NAME=VALUE, got \"=2\""),
    ("base --remove a -o out --setting b=1", "--setting needs --spec: it is about the memories of a spec"),
    ("base --strip", "-o FILE is missing: where the base goes (or --dry-run)"),
    ("base --strip -o out --threads 2", "--strip and --threads exclude each other"),
    ("base --remove a -o out --seed 3", "--seed needs --spec: it is about the memories of a spec"),
    ("--explain f a --dtype f16", "--explain and --dtype exclude each other"),
    ("--init a b --dtype f16", "--dtype: only tensors of a .gguf file are converted"),
    ("base --prompt p", "--prompt needs --explain"),
    ("base --verify --sidecar s", "--verify and --sidecar exclude each other: nothing is written"),
    ("base --verify --remove a", "--verify and --remove exclude each other"),
    ("base --spec s -o out --report=", "--report: expected a file name, got an empty one"),
    ("base --spec s -o out --sidecar=", "--sidecar: expected a file name, got an empty one"),
  ])
  func errors(_ arguments: String, _ message: String) {
    let error = #expect(throws: UsageError.self) { try action(arguments) }
    #expect(error?.message == message)
  }
}
