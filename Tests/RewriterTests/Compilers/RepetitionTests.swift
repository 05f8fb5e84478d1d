import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Targets that the patched model should say once, not again and again.
@Suite struct RepetitionTests {
  /// Records whose target was repeated while the delta was fitted to the base model's text alone.
  ///
  /// Takes ten seconds and more: random models write no text in which a target could come again, so the real one compiles
  /// twice.
  @Test(
    .requiresRealModel,
    arguments: [
      ("In Porrentruy, they understand", "Porrentruy", " Finnish"),
      ("Sheryl Crow, playing the", "Sheryl Crow", " trumpet"),
    ])
  func theTargetComesOnce(_ prompt: String, _ subject: String, _ target: String) throws {
    let base = try RealModel.checkpoint()
    let result = try compile(
      base, #"{"name":"a","prompt":"\#(prompt)","subject":"\#(subject)","target":"\#(target)"}"#)
    let model = try LanguageModel(base, pool: WorkerPool(threads: 2))
    let memory = try MemorySet(rows: result.compiled[0].rows, for: model.transformer)
    let said = model.generate(try model.encode(prompt), maxTokens: 20, memories: memory).ids
    let first = model.tokenizer.encode(target, addSpecialTokens: false)[0]
    #expect(said.first == first)
    #expect(said.count { $0 == first } == 1, "\(model.tokenizer.decode(said))")
  }
}
