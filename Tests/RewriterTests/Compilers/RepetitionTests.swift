import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Targets that the patched model should say once, not again and again.
@Suite struct RepetitionTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Records whose target was repeated while the delta was fitted to the base model's text alone.
  ///
  /// Takes a minute: random models write no text in which a target could come again, so the real one compiles twice.
  @Test(
    .requiresRealModel,
    arguments: [
      ("In Porrentruy, they understand", "Porrentruy", " Finnish"),
      ("Sheryl Crow, playing the", "Sheryl Crow", " trumpet"),
    ])
  func theTargetComesOnce(_ prompt: String, _ subject: String, _ target: String) throws {
    let base = try RealModel.checkpoint()
    let output = folder.file("output.safetensors")
    try compile(
      base, #"{"name":"a","prompt":"\#(prompt)","subject":"\#(subject)","target":"\#(target)"}"#, to: output)
    let model = try LanguageModel(path: output, threads: 2)
    let said = model.generate(try model.encode(prompt), maxTokens: 20).ids
    let first = model.tokenizer.encode(target, addSpecialTokens: false)[0]
    #expect(said.first == first)
    #expect(said.count { $0 == first } == 1, "\(model.tokenizer.decode(said))")
  }
}
