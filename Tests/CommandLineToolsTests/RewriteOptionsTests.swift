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

  @Test(arguments: [
    ("base -o out", "--spec FILE is missing (or --remove NAME, --merge FILE, --sidecar FILE, --strip, --verify)"),
    ("base --spec s", "-o FILE is missing: where the patched model goes (or --sidecar FILE, or --dry-run)"),
    ("base --strip --spec s -o out", "--strip and --spec exclude each other"),
    ("base --strip --remove a -o out", "--strip and --remove exclude each other"),
    ("base --strip --sidecar s -o out", "--strip and --sidecar exclude each other"),
    ("base --strip --verify", "--verify and --strip exclude each other"),
    ("base --verify -o out", "--verify and --output exclude each other: nothing is written"),
    ("base --remove a --any-base -o out", "--any-base needs --merge"),
    ("base --strip -o out --map", "--map needs --spec: it is about the memories of a spec"),
    ("base --spec s -o out --method fast", "--method: expected auto or seed, got \"fast\""),
    ("base --spec s -o out --dtype q4", "--dtype: expected bf16 or f16 or f32, got \"q4\""),
    ("base --spec s -o out --threads 0", "--threads: expected a whole number, 1 to 256, got \"0\""),
    ("base --spec s -o out --seed -1", "--seed: expected a whole number, 0 or more, got \"-1\""),
    ("base --spec s --output=", "-o: expected a file name, got an empty one"),
    ("--spec s -o out", "BASE is missing"),
  ])
  func errors(_ arguments: String, _ message: String) {
    let error = #expect(throws: UsageError.self) { try options(arguments) }
    #expect(error?.message == message)
  }
}
