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
  @Test(arguments: TinyModel.all)
  func localityIsExact(_ name: String) throws {
    let output = folder.file("output.safetensors")
    let second = SpecText.seed("b", site: "attn", layer: 0, prompt: "Once upon a time")
    let result = try compile(TinyModel.checkpoint(name), SpecText.auto("a") + "," + second, to: output)
    for prompt in result.results.flatMap(\.prompts) where !prompt.fired {
      #expect(prompt.isIdentical && prompt.before == prompt.after)
    }
    let model = try LanguageModel(path: output)
    func run(_ ids: [Int], _ memories: MemorySet) -> (logits: [UInt32], first: Int?) {
      let shape = model.transformer.shape
      let batch = Batch(
        [.init(rows: 0..<ids.count, position: 0, cache: nil, appends: false, memories: memories)], shape: shape)
      batch.traces = true
      model.transformer.embed([ids], batch)
      model.transformer.forward(batch)
      let logits = model.transformer.logits(batch.residual, rows: Array(ids.indices))
      return (ids.indices.flatMap { logits.array($0).map(\.bitPattern) }, batch.firings.map(\.position).min())
    }
    var (silent, firing) = (0, 0)
    for prompt in Self.others {
      let ids = try model.encode(prompt)
      let (patched, base) = (run(ids, model.memories), run(ids, .none(of: model.transformer)))
      let untouched = (patched.first ?? ids.count) * model.transformer.shape.vocabulary
      #expect(base.first == nil && patched.logits[..<untouched] == base.logits[..<untouched])
      if patched.first == nil { silent += 1 } else if patched.logits != base.logits { firing += 1 }
    }
    #expect(silent > 0 && firing > 0)
  }
}
