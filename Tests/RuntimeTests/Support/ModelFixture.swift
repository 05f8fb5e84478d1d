import Foundation
import Testing

@testable import Format
@testable import Runtime

/// The tiny random models under Tests/Fixtures with what transformers computes from them.
struct ModelFixture: CustomTestStringConvertible, Sendable {
  let name: String

  static let all = [
    "gpt2-a", "gpt2-b", "gpt2-published", "llama-a", "llama-b", "llama-sharded", "llama-biases", "llama-linear",
    "llama-dynamic", "llama-llama3", "llama-yarn", "llama-yarn-old", "mistral-a", "mistral-b", "qwen2-a", "qwen2-b",
    "qwen3-a", "qwen3-b", "phi3-a", "phi3-b", "smollm3-a", "smollm3-b", "olmo2-a", "olmo2-b", "gpt_neox-a",
    "gpt_neox-b", "gpt_neox-c", "gemma3-a", "gemma3-b", "gemma3-sentencepiece", "gemma-a", "gemma2-a", "gemma2-b",
    "olmo3-a", "olmo3-b", "granite-a", "granite-b", "phi-a", "phi-b", "cohere-a", "cohere-b", "cohere2-a", "cohere2-b",
    "mixtral-a", "mixtral-b", "qwen2_moe-a", "qwen2_moe-b", "qwen3_moe-a", "qwen3_moe-b",
    "ministral-a", "olmo-a", "starcoder2-a", "starcoder2-b", "stablelm-a", "stablelm-b", "glm-a", "glm-b", "glm4-a",
    "nemotron-a", "nemotron-b", "arcee-a", "ernie4_5-a", "ernie4_5-b", "exaone4-a", "exaone4-b", "seed_oss-a",
    "seed_oss-b", "helium-a",
    "llama-f8-blocks", "qwen3-f8-tensor", "gpt_neox-f8-rows", "llama-f64",
  ].map(ModelFixture.init)

  static let folder = "\(fixtureFolder)/models"

  /// All fixtures, and the folder of record_activations.py that the environment names.
  static let allAndRecorded =
    all
    + [ProcessInfo.processInfo.environment["LOCAL_MEMORY_PARITY"]].compactMap(\.self).map {
      ModelFixture(name: URL(fileURLWithPath: $0).path)
    }

  var testDescription: String { name }
  var path: String { name.hasPrefix("/") ? name : "\(Self.folder)/\(name)" }

  struct Case {
    var prompt: String
    var ids: [Int]
    var target: Int
    var loss: Float
    var greedy: [Int]
  }

  func cases() throws -> [Case] {
    let root = try JSONDocument(path: "\(path)/expected.json").root
    return try #require(root["cases"]).elements.map {
      Case(
        prompt: try #require($0["prompt"]?.string),
        ids: try #require($0["prompt_ids"]).elements.compactMap(\.int),
        target: try #require($0["target_id"]?.int), loss: Float(try #require($0["loss"]?.double)),
        greedy: try #require($0["greedy"]).elements.compactMap(\.int))
    }
  }

  func expected() throws -> Checkpoint { try Checkpoint(path: "\(path)/expected.safetensors") }

  func transformer(threads: Int = 2) throws -> Transformer {
    try Transformer.load(Checkpoint(path: path), pool: WorkerPool(threads: threads))
  }
}
