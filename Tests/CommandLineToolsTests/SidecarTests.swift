import Foundation
import Runtime
import Testing

@testable import CommandLineTools
@testable import Format

/// Memories in files of their own: written, applied, merged, verified.
@Suite struct SidecarTests {
  private let folder: TemporaryFolder
  private let base = fixture("gpt2-a")

  init() throws { folder = try TemporaryFolder() }

  private func rewrite(_ arguments: String...) -> Outcome { Capture().run(RewriteCommand.self, arguments) }
  private func contents(_ name: String) throws -> [UInt8] { try MappedFile(path: folder.file(name)).contents }

  /// gpt2-a with memories in it, which act everywhere unless they are narrow.
  private func patch(_ name: String, _ memories: [Memory]) throws -> String {
    try Checkpoint(path: base).write(memories: memories, to: folder.file(name))
    return folder.file(name)
  }

  /// The token that a model says behind a prompt.
  private func next(_ model: String, _ prompt: String) throws -> Int {
    let model = try LanguageModel(path: model, threads: 1)
    return model.generate(try model.encode(prompt), maxTokens: 1).ids[0]
  }

  private func wide(_ name: String, layer: Int) -> Memory { memory(name, layer: layer, delta: 3, boundary: 1e6) }

  @Test func aSidecarActsAsTheWholeFileDoes() throws {
    let whole = try patch("whole", [wide("a", layer: 0), memory("b", layer: 1)])
    let sidecar = folder.file("m.memory.safetensors")
    #expect(rewrite(whole, "--sidecar", sidecar).status == 0)
    let names = try Checkpoint(path: sidecar)
    #expect(names.tensors.isEmpty && names.isSidecar && names.memories.map(\.name) == ["a", "b"])
    #expect(try contents("m.memory.safetensors").count < contents("whole").count / 4)

    let prompt = "The city of Tokyo"
    func text(_ arguments: String...) -> String {
      Capture().run(RunCommand.self, arguments + ["--max-tokens", "8"]).output
    }
    #expect(text(base, prompt, "--memory", sidecar) == text(whole, prompt))
    #expect(text(base, prompt, "--memory", sidecar) != text(base, prompt))
    #expect(text(base, prompt, "--memory", sidecar, "--disable", "a") == text(base, prompt))
    // A whole patched file is taken for its memories alone.
    #expect(text(base, prompt, "--memory", whole) == text(whole, prompt))
    // Merged into the base it is the whole file again.
    #expect(rewrite(base, "--merge", sidecar, "-o", folder.file("again")).status == 0)
    #expect(try contents("again") == contents("whole"))
  }

  @Test func compilingToASidecarGivesTheTablesOfTheWholeFile() throws {
    let spec = folder.file("spec.json")
    try Data(#"{"memories":[\#(RewriteCommandTests.auto)]}"#.utf8).write(to: URL(fileURLWithPath: spec))
    let (whole, sidecar, alone) = (folder.file("whole"), folder.file("side"), folder.file("alone"))
    #expect([0, 3].contains(rewrite(base, "--spec", spec, "-o", whole, "--sidecar", sidecar).status))
    #expect([0, 3].contains(rewrite(base, "--spec", spec, "--sidecar", alone).status))
    #expect(try contents("side") == contents("alone"))
    let (from, to) = (try Checkpoint(path: whole), try Checkpoint(path: sidecar))
    #expect(from.memories.map(\.rows) == to.memories.map(\.rows) && !from.memories.isEmpty)
    #expect(from.recordedBase == to.recordedBase)
    #expect(rewrite(base, "--spec", spec, "-o", whole, "--sidecar", whole, "--force").errors.contains("the same file"))
    let twice = rewrite(whole, "--sidecar", folder.file("./x"), "-o", folder.file("x"))
    #expect(twice.status == 1 && twice.errors.contains("the same file") && twice.errorLines.count == 1)
    #expect(!FileManager.default.fileExists(atPath: folder.file("x")))
  }

  @Test func mergesTwoFilesAndRefusesContradictions() throws {
    let first = try patch("1", [memory("a", key: 1), memory("b", key: 2)])
    let second = try patch("2", [memory("b", key: 2), memory("c", key: 3)])
    let merged = rewrite(first, "--merge", second, "-o", folder.file("out"))
    #expect(merged.status == 0 && merged.output.hasPrefix("merged \(second); 3 memories\n"), "\(merged)")
    let written = try Checkpoint(path: folder.file("out"))
    #expect(written.memories.map(\.name) == ["a", "b", "c"])
    #expect(written.memories[2].rows == [memory("c", key: 3).rows[0]])

    let other = try patch("3", [memory("b", key: 9)])
    let rival = try patch("4", [memory("d", target: " Pokhara")])
    for (file, part) in [
      (other, "another memory of this name"), (rival, "another target"), (base, "holds no memories"),
    ] {
      let outcome = rewrite(first, "--merge", file, "-o", folder.file("no"))
      #expect(outcome.status == 1 && outcome.errors.contains(part) && outcome.errorLines.count == 1, "\(outcome)")
      #expect(!FileManager.default.fileExists(atPath: folder.file("no")))
    }
    // With the one in the way taken out first it goes.
    #expect(rewrite(first, "--remove", "b", "--merge", other, "-o", folder.file("yes")).status == 0)
    #expect(try Checkpoint(path: folder.file("yes")).memories[1].rows == memory("b", key: 9).rows)
  }

  /// A memory that gives its target by itself, and not beside one that acts everywhere.
  @Test func tellsWhatAMergeBreaks() throws {
    let prompt = memory("a").prompt
    let said = try next(base, prompt)
    func named(_ name: String, _ memory: Memory, target: Int) -> Memory {
      var memory = memory
      (memory.name, memory.targetIDs, memory.target) = (name, [target], "t\(target)")
      return memory
    }
    // It says what the base says and so holds alone.
    let quiet = try patch("quiet", [named("quiet", memory("q", delta: 0, boundary: 1e-3), target: said)])
    var loud = wide("loud", layer: 0)
    loud.prompt = "Another prompt"
    let noisy = try patch("noisy", [loud])
    try #require(try next(noisy, prompt) != said)
    let outcome = rewrite(quiet, "--merge", noisy, "-o", folder.file("both"))
    #expect(outcome.status == 3 && outcome.output.contains("quiet: gives its target alone"), "\(outcome)")
  }

  @Test func anotherBaseIsRefusedUnlessTold() throws {
    let sidecar = folder.file("side")
    #expect(rewrite(try patch("whole", [memory("a")]), "--sidecar", sidecar).status == 0)
    // The same shapes, other weights.
    let changed = folder.file("other.safetensors")
    let tensors = try Checkpoint(path: base).tensors.map { tensor in
      var bytes = tensor.withBytes { Array($0) }
      if tensor.name == "transformer.wte.weight" { bytes[0] ^= 1 }
      return Tensor(name: tensor.name, dtype: tensor.dtype, shape: tensor.shape, bytes: bytes)
    }
    try SafetensorsFile.write(tensors, metadata: [:], to: changed)
    for name in ["config.json", "tokenizer.json"] {
      try FileManager.default.copyItem(atPath: "\(base)/\(name)", toPath: folder.file(name))
    }
    let refused = rewrite(changed, "--merge", sidecar, "-o", folder.file("out"))
    #expect(refused.status == 1 && refused.errors.contains("made for another base"))
    #expect(rewrite(changed, "--merge", sidecar, "--any-base", "-o", folder.file("out")).status == 0)
    let run = CommandLineToolsTests.run(RunCommand.self, changed, "a", "--memory", sidecar)
    #expect(run.status == 1 && run.errors.contains("made for another base"))
    #expect(CommandLineToolsTests.run(RunCommand.self, changed, "a", "--memory", sidecar, "--any-base").status == 0)
    let diff = CommandLineToolsTests.run(MemdiffCommand.self, changed, sidecar)
    #expect(diff.status == 1 && diff.output.contains("base different"))
    let same = CommandLineToolsTests.run(MemdiffCommand.self, folder.file("whole"), sidecar)
    #expect(same.status == 0 && same.output.contains("base same"), "\(same)")
  }

  @Test func aSidecarIsNoModel() throws {
    let sidecar = folder.file("side")
    #expect(rewrite(try patch("whole", [memory("a"), memory("b", key: 2)]), "--sidecar", sidecar).status == 0)
    #expect(CommandLineToolsTests.run(RunCommand.self, sidecar, "a").errors.contains("without their base"))
    #expect(rewrite(sidecar, "--strip", "-o", folder.file("out")).errors.contains("without their base"))
    // Its memories can be taken out one by one all the same, and it stays a sidecar of its base.
    #expect(rewrite(sidecar, "--remove", "a", "-o", folder.file("less")).status == 0)
    let less = try Checkpoint(path: folder.file("less"))
    #expect(less.isSidecar && less.memories.map(\.name) == ["b"])
    #expect(try less.recordedBase == Checkpoint(path: base).baseHash())
  }

  @Test func verifying() throws {
    let whole = try patch("whole", [memory("a"), memory("b", key: 2)])
    let hash = try Checkpoint(path: base).baseHash()
    let outcome = rewrite(whole, "--verify")
    #expect(outcome.status == 0 && outcome.output.contains("\(hash) as recorded"))
    #expect(outcome.output.contains("memories: 2 in 2 rows"))
    #expect(rewrite(base, "--verify").output.contains("never patched"))
    #expect(rewrite(whole, "--sidecar", folder.file("side")).status == 0)
    #expect(rewrite(folder.file("side"), "--verify").output.contains("made for \(hash)"))

    // One bit of a base tensor, of a table, of the manifest.
    let file = try Checkpoint(path: whole)
    func flipped(_ name: ByteString) throws -> String {
      var bytes = try contents("whole")
      let header = try bytes.withUnsafeBytes { try SafetensorsHeader(validating: $0, location: "") }
      let tensor = try #require(header.tensors.first { $0.name == name })
      bytes[header.dataStart + tensor.range.upperBound - 1] ^= 0x40
      try Data(bytes).write(to: URL(fileURLWithPath: folder.file("flipped")))
      return folder.file("flipped")
    }
    for name in [file.tensors[3].name, Manifest.tensorName, Checkpoint.headerName] {
      let outcome = rewrite(try flipped(name), "--verify")
      #expect(outcome.status == 1 && outcome.errorLines.count == 1, "\(name): \(outcome)")
    }
  }
}
