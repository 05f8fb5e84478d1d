@testable import Format
@testable import Runtime

/// The tiny random models of Tests/Fixtures/models, with what transformers computes of them.
enum TinyModel {
  /// The models that suites run on: both weight layouts, F32 and BF16, tied and untied, the published GPT-2's names.
  static let all = ["gpt2-a", "gpt2-published", "llama-a", "llama-b"]

  static func path(_ name: String) -> String { Repository.fixture("models/\(name)") }

  static func checkpoint(_ name: String) throws -> Checkpoint { try Checkpoint(path: path(name)) }

  static func load(_ name: String, threads: Int = 2) throws -> LanguageModel {
    try LanguageModel(path: path(name), threads: threads)
  }
}
