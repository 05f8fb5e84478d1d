import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// The locality guarantee: where no memory fires, the logits are the base model's to the bit.
@Suite struct LocalityTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  static let others = [
    SpecText.prompt, "Once upon a time", "Paris is the capital of", "The city of Tokyo lies in", " the",
    "Zürich, 東京",
    "Where do rivers come from?",
  ]

  /// Where a memory fires, the guarantee holds for the tokens before.
  @Test(arguments: TinyModel.all, ["", SpecText.subject])
  func localityIsExact(_ name: String, _ extra: String) throws {
    let output = folder.file("output.safetensors")
    let second = SpecText.seed("b", site: "attn", layer: 0, prompt: "Once upon a time")
    let result = try compile(TinyModel.checkpoint(name), SpecText.auto("a", extra: extra) + "," + second, to: output)
    for prompt in result.results.flatMap(\.prompts) where !prompt.fired {
      #expect(prompt.isIdentical && prompt.before == prompt.after)
    }
    let model = try LanguageModel(path: output)
    var (silent, firing) = (0, 0)
    for prompt in Self.others {
      let ids = try model.encode(prompt)
      let (patched, base) = (model.run(ids, model.memories), model.run(ids, .none(of: model.transformer)))
      let first = patched.firings.map(\.position).min()
      let untouched = (first ?? ids.count) * model.transformer.shape.vocabulary
      #expect(base.firings.isEmpty && patched.logits[..<untouched] == base.logits[..<untouched])
      if first == nil { silent += 1 } else if patched.logits != base.logits { firing += 1 }
    }
    #expect(silent > 0 && firing > 0)
  }
}
