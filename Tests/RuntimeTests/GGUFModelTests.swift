import Foundation
import Kernels
import Testing

@testable import Format
@testable import Runtime

/// The tiny models as GGUF files, written as llama.cpp's converter writes them (compare_gguf_with_llama_cpp.py), against
/// the checkpoints that they were made from.
@Suite struct GGUFModelTests {
  static let folder = "\(fixtureFolder)/gguf/models"

  static let names = [
    "gemma3-b", "gemma3-sentencepiece", "gpt_neox-c", "llama-biases", "llama-llama3", "olmo2-a", "phi3-a", "phi3-b",
    "qwen2-a", "qwen3-a", "smollm3-a",
  ]

  @Test func everyFileIsTested() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder).map { $0.replacing(".gguf", with: "") }
    #expect(files.sorted() == Self.names)
  }

  /// Prompts, logits and greedy tokens from the one file alone.
  @Test(arguments: names)
  func goesOnAsTheCheckpoint(_ name: String) throws {
    let fixture = ModelFixture(name: name)
    let model = try LanguageModel(path: "\(Self.folder)/\(name).gguf", threads: 2)
    let expected = try fixture.expected()
    for (i, item) in try fixture.cases().enumerated() {
      #expect(try model.encode(item.prompt) == item.ids)
      let batch = model.transformer.singleBatch(item.ids)
      model.transformer.forward(batch)
      let reference = try #require(expected[ByteString("case.\(i).logits")]?.floats())
      let rows = reference.count / model.transformer.shape.vocabulary
      let logits = model.transformer.logits(batch.residual, rows: Array((item.ids.count - rows)..<item.ids.count))
      #expect(relativeError(logits.array, reference) < 1e-4)
      let goesOn = model.generate(item.ids, maxTokens: item.greedy.count)
      #expect(goesOn.ids == item.greedy)
    }
  }

  /// Tensors keep the bits of the checkpoint; Gemma's norms, from which 1 is taken, come within a rounding.
  @Test(arguments: names)
  func tensorsAreTheCheckpoints(_ name: String) throws {
    let original = try Checkpoint(path: ModelFixture(name: name).path)
    let converted = try Checkpoint(path: "\(Self.folder)/\(name).gguf")
    #expect(converted.tensors.map(\.name).sorted() == original.tensors.map(\.name).sorted())
    for tensor in original.tensors {
      let other = try #require(converted[tensor.name])
      #expect(other.shape == tensor.shape)
      let (values, others) = (try #require(tensor.floats()), try #require(other.floats()))
      let slack: Float = name.hasPrefix("gemma3") && tensor.shape.count == 1 ? 1e-6 : 0
      #expect(zip(values, others).allSatisfy { abs($0 - $1) <= slack }, "\(tensor.name)")
    }
  }
}
