import Rewriter
import Testing

@testable import CommandLineTools
@testable import Format

@Suite struct RewriteOptionsTests {
  private func options(_ arguments: String) throws -> RewriteOptions {
    try RewriteOptions(RewriteOptions.table.parse(arguments.split(separator: " ").map(String.init)))
  }

  @Test func everyOptionArrives() throws {
    let options = try options(
      "base --spec s.json -o out --method seed --json --dry-run --force --seed 7 --threads 2"
        + " --remove a --remove b --dtype f16 --quiet --map")
    #expect(options.base == "base")
    #expect(options.action == .compile(spec: "s.json", remove: ["a", "b"], merge: []))
    #expect(options.output == "out")
    #expect(options.method == .seed)
    #expect(options.json && options.dryRun && options.force && options.quiet && options.map)
    #expect(options.seed == 7)
    #expect(options.threads == 2)
    #expect(options.dtype == .f16)
  }

  @Test func defaults() throws {
    let options = try options("base --spec s.json --dry-run")
    #expect(options.output == nil && options.method == nil && options.threads == nil && options.dtype == nil)
    #expect(options.seed == 0)
    #expect(!options.json && !options.force && !options.quiet && !options.map)
  }

  @Test func filesOfMemories() throws {
    #expect(try options("base --merge a --merge b -o out").action == .edit(remove: [], merge: ["a", "b"]))
    #expect(try options("base --sidecar s").action == .edit(remove: [], merge: []))
    let both = try options("base --spec s.json --merge a --sidecar s --any-base")
    #expect(both.action == .compile(spec: "s.json", remove: [], merge: ["a"]))
    #expect(both.sidecar == "s" && both.output == nil && both.anyBase)
    #expect(try options("base --verify").action == .verify)
  }

  @Test func removingAndStrippingNeedNoSpec() throws {
    #expect(try options("base --remove a -o out").action == .edit(remove: ["a"], merge: []))
    #expect(try options("base --strip --output out").action == .strip)
  }

  @Test func explainingAndBeginningTakeMoreOperands() throws {
    #expect(try options("--explain f a").action == .explain(name: "a", prompts: [], files: []))
    let asked = try options("f --explain a --prompt x --prompt y --prompts p --json")
    #expect(asked.action == .explain(name: "a", prompts: ["x", "y"], files: ["p"]) && asked.base == "f" && asked.json)
    #expect(try options("base --init p t -o o").action == .start(prompt: "p", target: "t"))
    #expect(try options("base --init p t").base == "base")
    #expect(try options("--init p t").base.isEmpty)
  }

  @Test(arguments: [
    (
      "base -o out",
      "--spec FILE is missing (or --remove NAME, --merge FILE, --sidecar FILE, --strip, --verify, --explain, --init)"
    ),
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
  ])
  func errors(_ arguments: String, _ message: String) {
    let error = #expect(throws: UsageError.self) { try options(arguments) }
    #expect(error?.message == message)
  }
}
