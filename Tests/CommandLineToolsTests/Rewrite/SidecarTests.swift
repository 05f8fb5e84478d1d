import Foundation
import TestSupport
import Testing

@testable import CommandLineTools
@testable import Format

/// Memories in files of their own: written, applied, merged.
@Suite struct SidecarTests {
  private let folder: TemporaryFolder
  private let base = fixture("gpt2-a")

  init() throws { folder = try TemporaryFolder() }

  private func rewrite(_ arguments: String...) -> Outcome { Capture().run(RewriteCommand.self, arguments) }

  @Test func aSidecarActsAsTheWholeFileDoes() throws {
    let whole = try folder.patched("whole", [wideMemory("a", layer: 0), memory("b", layer: 1)])
    let sidecar = folder.file("m.memory.safetensors")
    #expect(rewrite(whole, "--sidecar", sidecar).status == 0)
    let names = try Checkpoint(path: sidecar)
    #expect(names.tensors.isEmpty && names.isSidecar && names.memories.map(\.name) == ["a", "b"])
    #expect(try folder.contents("m.memory.safetensors").count < folder.contents("whole").count / 4)

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
    #expect(try folder.contents("again") == folder.contents("whole"))
  }

  @Test func compilingToASidecarGivesTheTablesOfTheWholeFile() throws {
    let spec = try folder.spec()
    let (whole, sidecar, alone) = (folder.file("whole"), folder.file("side"), folder.file("alone"))
    #expect([0, 3].contains(rewrite(base, "--spec", spec, "-o", whole, "--sidecar", sidecar).status))
    #expect([0, 3].contains(rewrite(base, "--spec", spec, "--sidecar", alone).status))
    #expect(try folder.contents("side") == folder.contents("alone"))
    let (from, to) = (try Checkpoint(path: whole), try Checkpoint(path: sidecar))
    #expect(from.memories.map(\.rows) == to.memories.map(\.rows) && !from.memories.isEmpty)
    #expect(from.recordedBase == to.recordedBase)
    #expect(rewrite(base, "--spec", spec, "-o", whole, "--sidecar", whole, "--force").errors.contains("the same file"))
    let twice = rewrite(whole, "--sidecar", folder.file("./x"), "-o", folder.file("x"))
    #expect(twice.status == 1 && twice.errors.contains("the same file") && twice.errorLines.count == 1)
    #expect(!FileManager.default.fileExists(atPath: folder.file("x")))
  }

  @Test func anotherBaseIsRefusedUnlessTold() throws {
    let sidecar = folder.file("side")
    #expect(rewrite(try folder.patched("whole", [memory("a")]), "--sidecar", sidecar).status == 0)
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
    #expect(rewrite(try folder.patched("whole", [memory("a"), memory("b", key: 2)]), "--sidecar", sidecar).status == 0)
    #expect(CommandLineToolsTests.run(RunCommand.self, sidecar, "a").errors.contains("without their base"))
    #expect(rewrite(sidecar, "--strip", "-o", folder.file("out")).errors.contains("without their base"))
    // Its memories can be taken out one by one all the same, and it stays a sidecar of its base.
    #expect(rewrite(sidecar, "--remove", "a", "-o", folder.file("less")).status == 0)
    let less = try Checkpoint(path: folder.file("less"))
    #expect(less.isSidecar && less.memories.map(\.name) == ["b"])
    #expect(try less.recordedBase == Checkpoint(path: base).baseHash())
  }
}
