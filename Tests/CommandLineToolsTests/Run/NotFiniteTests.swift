import Foundation
import TestSupport
import Testing

@testable import CommandLineTools
@testable import Format

/// What the programs say of a model whose numbers are not finite.
@Suite struct NotFiniteTests {
  private let folder: TemporaryFolder
  private static let tensor = "transformer.h.1.mlp.c_proj.weight"

  /// gpt2-a with a weight that is no number.
  init() throws {
    folder = try TemporaryFolder()
    for file in ["config.json", "tokenizer.json"] {
      try FileManager.default.copyItem(atPath: "\(fixture("gpt2-a"))/\(file)", toPath: folder.file(file))
    }
    let tensors = try Checkpoint(path: fixture("gpt2-a")).tensors.map { original -> Tensor in
      guard original.name == ByteString(Self.tensor), var values = original.floats() else { return original }
      values[48 * 3 + 5] = .nan
      return Tensor(name: original.name, shape: original.shape, floats: values)
    }
    try SafetensorsFile.write(tensors, metadata: [:], to: folder.file("model.safetensors"))
  }

  private var problem: String {
    "\(folder.path): tensor \(Self.tensor): element [3, 5] is not finite, expected finite numbers, got F32 infinity or NaN\n"
  }

  @Test func runEndsWithOneLine() {
    let outcome = run(RunCommand.self, folder.path, "Once upon", "--json")
    #expect(outcome.status == 1 && outcome.output.isEmpty)
    #expect(outcome.errors == "run: \(problem)")
  }

  @Test func everyLineOfAFileSaysSo() {
    let outcome = run(RunCommand.self, folder.path, "--json", input: ["Once", "upon", "a time"])
    #expect(outcome.status == 1 && outcome.errorLines.count == 3)
    #expect(outcome.output.split(separator: "\n").count { $0.contains("\"error\"") } == 3)
  }

  @Test func aForcedRunSaysSoOnce() {
    let outcome = run(RunCommand.self, folder.path, "--force", "--max-tokens", "2", input: ["Once", "upon"])
    #expect(outcome.status == 0 && outcome.errors == "run: note: \(problem)")
    #expect(outcome.output.split(separator: "\n").count == 2)
  }

  @Test func rewriteWritesNothing() throws {
    let output = folder.file("out.safetensors")
    for arguments in [["--spec", try folder.spec(), "-o", output], ["--init", "Once upon", " a", "-o", output]] {
      let isInit = arguments[0] == "--init"
      let all = isInit ? ["--init", folder.path] + arguments.dropFirst() : [folder.path] + arguments
      let outcome = Capture().run(RewriteCommand.self, all)
      #expect(outcome.status == 1 && outcome.errors == "rewrite: \(problem)")
      #expect(!FileManager.default.fileExists(atPath: output))
    }
  }

  @Test func memdiffComparesNothing() throws {
    let prompts = try folder.write("Once upon\n", to: "prompts.txt")
    let outcome = run(
      MemdiffCommand.self, "--behavior", fixture("gpt2-a"), folder.path, "--prompts", prompts)
    #expect(outcome.status == 2 && outcome.errors == "memdiff: \(problem)")
  }
}
