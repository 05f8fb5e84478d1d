import Foundation
import TestSupport
import Testing

@testable import CommandLineTools
@testable import Format

/// `memdiff --show FILE --spec`: a file taken apart and compiled again has the same bytes.
@Suite struct SavedSpecTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func compile(_ base: String, _ spec: String, _ output: String, _ more: [String] = []) -> Outcome {
    Capture().run(RewriteCommand.self, [base, "--spec", spec, "-o", folder.file(output), "--quiet"] + more)
  }

  /// Prints the spec of a file, and writes it to another.
  ///
  /// - Returns: the spec's path, and what was said beside it.
  private func saved(_ file: String, step: Int? = nil) throws -> (spec: String, note: String) {
    let shown = Capture().run(
      MemdiffCommand.self, ["--show", folder.file(file), "--spec"] + (step.map { ["--step", "\($0)"] } ?? []))
    try #require(shown.status == 0, "\(shown.errors)")
    return (try folder.write(shown.output, to: "saved-\(UUID().uuidString).json"), shown.errors)
  }

  private static let seed = SampleSpec.pinned()
  private static let located =
    #"{"name":"c","prompt":"The river runs past","target":" Nepal city","method":"seed","target_tokens":"first"}"#

  /// The memories, and keys beside them.
  private static let specs: [(memories: [String], more: String)] = [
    ([SampleSpec.auto], ""), ([seed], ""), ([SampleSpec.auto, seed, located], ""),
    (
      [#"{"name":"é \"x\"","prompt":"Once upon a time","target":" Tokyo"}"#],
      #","defaults":{"negatives":["The city of"],"hardness":4.50,"prefixes":[]}"#
    ),
  ]

  @Test(arguments: specs.indices, ["gpt2-a", "llama-a"])
  func aFileIsTakenApartAndMadeAgain(_ number: Int, _ name: String) throws {
    let (memories, more) = Self.specs[number]
    let model = try folder.model(name)
    let spec = try folder.write(
      #"{"memories":[\#(memories.joined(separator: ","))]\#(more)}"#, to: "spec.json")
    #expect([0, 3, 4].contains(compile(model, spec, "one").status))
    let (again, note) = try saved("one")
    #expect(note.isEmpty)
    #expect([0, 3, 4].contains(compile(model, again, "two").status))
    #expect(try folder.contents("one") == folder.contents("two"))
  }

  @Test func chatMemoriesToo() throws {
    let model = try folder.model("llama-a")
    try folder.write(
      "{% for m in messages %}<{{ m.role }}> {{ m.content }}\n{% endfor %}<assistant>",
      to: "llama-a/chat_template.jinja")
    let spec = try folder.spec(
      #"{"name":"a","prompt":"Where is Oslo?","target":" Tokyo","subject":"Oslo","as":["text","chat"]},"#
        + #"{"name":"b","prompt":{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Ho"},"#
        + #"{"role":"user","content":"Where is Bern?"}]},"target":" Nepal","chat":true}"#)
    #expect([0, 3, 4].contains(compile(model, spec, "one").status))
    let again = try saved("one").spec
    #expect([0, 3, 4].contains(compile(model, again, "two").status))
    #expect(try folder.contents("one") == folder.contents("two"))
  }

  @Test func optionsAreTold() throws {
    let passages = try folder.write("A first text of some words.\n\nAnd a second one.\n", to: "background.txt")
    let options = [
      "--method", "seed", "--seed", "18446744073709551615", "--setting", "ridge=0.3", "--setting",
      "row-depths=0.5,1", "--setting", "hardness=8", "--background", passages, "--table", "bf16",
    ]
    let spec = try folder.spec(SampleSpec.auto + "," + Self.located)
    #expect([0, 3, 4].contains(compile(fixture("gpt2-a"), spec, "one", options).status))
    let (again, note) = try saved("one")
    let hash = SHA256.hex(Array("A first text of some words.\nAnd a second one.\n".utf8))
    #expect(
      note == "memdiff: note: compiled with --method seed --seed 18446744073709551615 --setting ridge=0.3 "
        + "--setting row-depths=0.5,1 --table bf16 --background FILE (its passages have the SHA-256 \(hash))\n")
    #expect([0, 3, 4].contains(compile(fixture("gpt2-a"), again, "two", options).status))
    #expect(try folder.contents("one") == folder.contents("two"))
    #expect([0, 3, 4].contains(compile(fixture("gpt2-a"), again, "three", ["--table", "bf16"]).status))
    #expect(try folder.contents("one") != folder.contents("three"))
  }

  @Test func whatWasAddedToOtherMemoriesIsAStepOfItsOwn() throws {
    let first = try folder.spec(SampleSpec.auto + "," + Self.seed)
    #expect([0, 3, 4].contains(compile(fixture("gpt2-a"), first, "one", ["--seed", "4"]).status))
    let second = try folder.spec(Self.located)
    #expect([0, 3, 4].contains(compile(folder.file("one"), second, "two").status))
    #expect(
      try saved("two").note
        == "memdiff: note: compiled one after the other, each beside those before (--step N prints one of them): "
        + "step 1: a, b, with --seed 4; step 2: c\n")
    let (one, note) = try saved("two", step: 1)
    #expect(note == "memdiff: note: compiled with --seed 4\n")
    #expect([0, 3, 4].contains(compile(fixture("gpt2-a"), one, "three", ["--seed", "4"]).status))
    let (two, silence) = try saved("two", step: 2)
    #expect(silence.isEmpty)
    #expect([0, 3, 4].contains(compile(folder.file("three"), two, "four").status))
    #expect(try folder.contents("two") == folder.contents("four"))
  }

  @Test func partsKeepTheOptionsOfTheirCompile() throws {
    let spec = try folder.spec(SampleSpec.auto + "," + Self.located)
    #expect([0, 3, 4].contains(compile(fixture("gpt2-a"), spec, "whole", ["--seed", "5"]).status))
    var parts: [String] = []
    for number in 1...2 {
      parts.append(folder.file("part-\(number)"))
      let outcome = Capture().run(
        RewriteCommand.self,
        [fixture("gpt2-a"), "--spec", spec, "--shard", "\(number)/2", "--sidecar", parts[number - 1], "--seed", "5"])
      #expect([0, 3, 4].contains(outcome.status))
    }
    let merged = Capture().run(
      RewriteCommand.self, [fixture("gpt2-a"), "--merge"] + parts + ["-o", folder.file("merged")])
    #expect([0, 3, 4].contains(merged.status))
    #expect(try folder.contents("whole") == folder.contents("merged"))
    #expect(try saved("merged").note == "memdiff: note: compiled with --seed 5\n")
  }

  @Test func whatIsNotKeptIsAnErrorInOneLine() throws {
    let file = try folder.patched()
    let unkept = run(MemdiffCommand.self, "--show", file, "--spec")
    #expect(
      unkept.errors
        == "memdiff: \(file): memory a: the file does not keep what it was compiled from, expected an entry\n")
    let base = run(MemdiffCommand.self, "--show", fixture("gpt2-a"), "--spec")
    #expect(base.status == 2 && base.errors == "memdiff: \(fixture("gpt2-a")): holds no memories\n")
    #expect(compile(fixture("gpt2-a"), try folder.spec(Self.seed), "one").status != 1)
    let step = run(MemdiffCommand.self, "--show", folder.file("one"), "--spec", "--step", "2")
    #expect(step.status == 2 && step.output.isEmpty)
    #expect(step.errors == "memdiff: \(folder.file("one")): there is no such step, expected 1 to 1, got 2\n")
    for (arguments, said) in [
      (["a", "b", "--spec"], "--spec needs --show"), (["--show", "a", "--step", "1"], "--step needs --spec"),
    ] {
      let outcome = Capture().run(MemdiffCommand.self, arguments)
      #expect(outcome.status == 2 && outcome.errors == "memdiff: \(said) (see memdiff --help)\n")
    }
  }

  @Test(arguments: [
    #""step":0"#, #""step":"1""#, #""seed":4"#, #""seed":"-1""#, #""settings":{"ridge":1}"#, #""background":1"#,
    #""table":"F16""#,
  ])
  func damagedOptionsAreAnErrorInOneLine(_ options: String) throws {
    var damaged = memory("m")
    damaged.entry = JSONNode(try JSONDocument(Array(Self.seed.utf8), location: "entry").root)
    damaged.options = JSONNode(try JSONDocument(Array("{\(options)}".utf8), location: "options").root)
    let file = try folder.patched("damaged", [damaged])
    #expect(run(MemdiffCommand.self, "--show", file).status == 0)
    let outcome = run(MemdiffCommand.self, "--show", file, "--spec")
    #expect(outcome.status == 2 && outcome.output.isEmpty && outcome.errorLines.count == 1)
    #expect(outcome.errors.hasPrefix("memdiff: \(file): memory m: options: wrong value, expected "))
  }
}
