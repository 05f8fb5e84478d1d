import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Facts on models of every kind of block: compiled, written and read back.
@Suite struct ArchitectureTests {
  static let mixtures = ["mixtral-a", "qwen2_moe-b", "qwen3_moe-a", "qwen3_moe-b"]
  static let models =
    mixtures + [
      "gemma-a", "gemma2-a", "olmo3-a", "granite-a", "phi-b", "cohere-b", "cohere2-a", "starcoder2-a", "stablelm-b",
      "glm4-a",
      "nemotron-a", "ernie4_5-a", "exaone4-a", "seed_oss-a", "helium-a", "olmo-a",
    ]

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// What the compiler chooses by itself, and with a subject.
  @Test(arguments: models, ["", SpecText.subject])
  func aFactIsCompiledWrittenAndReadBack(_ name: String, _ extra: String) throws {
    let base = try Checkpoint(path: folder.model(name))
    let output = folder.file("output.safetensors")
    let result = try compile(base, SpecText.auto("a", extra: extra), to: output)
    let written = try Checkpoint(path: output)
    #expect(written.memories.map(\.rows) == result.compiled.map(\.rows))
    let model = try LanguageModel(written, pool: WorkerPool(threads: 1))
    let row = result.compiled[0].rows[0]
    let address = try #require(model.transformer.address(ofModule: row.module))
    #expect(address == result.compiled[0].address && model.transformer.shape.has(address))
    for prompt in result.results[0].prompts {
      let ids = try model.encode(prompt.prompt)
      let said = model.generate(ids, maxTokens: Continuations.comparedCount).ids
      #expect(prompt.after.hasPrefix(model.tokenizer.decode(said)), "\(prompt.role) of \(name)")
      let plain = model.transformer.logits(of: ids, memories: .none(of: model.transformer))
      let patched = model.transformer.logits(of: ids, memories: model.memories)
      #expect((plain == patched) == prompt.isIdentical, "\(prompt.role) of \(name)")
    }
  }

  /// A short step against the gradient at an attention's site makes the target likelier, whatever the feed-forwards are.
  @Test(arguments: models)
  func aShortStepAtTheAttentionHelps(_ name: String) throws {
    let base = try Checkpoint(path: folder.model(name))
    let output = folder.file("output.safetensors")
    let spec = SpecText.seed("a", site: "attn").replacing(#""alpha":2"#, with: #""alpha":0.002"#)
    let result = try compile(base, spec, to: output)
    let key = result.results[0].prompts[0]
    #expect(result.compiled[0].address == SiteAddress(layer: 1, site: .attn) && key.fired)
    #expect(key.targetAfter > key.targetBefore, "\(name)")
    #expect(try Checkpoint(path: output).memories[0].rows == result.compiled[0].rows)
  }

  /// On mixtures of experts alone, the compiler finds sites at which the key prompt goes on with the target.
  @Test(arguments: ["mixtral-a", "qwen3_moe-a", "qwen3_moe-b"])
  func memoriesReachTheirTargetsOnMixtures(_ name: String) throws {
    let result = try compile(Checkpoint(path: folder.model(name)), SpecText.auto("a"))
    #expect(result.results[0].keyHolds, "\(result.compiled[0].reason)")
  }

  @Test(arguments: mixtures)
  func aMixtureOfExpertsHasNoSiteMLP(_ name: String) throws {
    let base = try Checkpoint(path: folder.model(name))
    #expect {
      try compile(base, SpecText.seed("a", site: "mlp", layer: 1), to: folder.file("output.safetensors"))
    } throws: {
      ($0 as? FormatError)?.kind == .spec && "\($0)".contains("memory a: site")
        && "\($0)".contains("mixture of experts")
    }
  }

  /// Dense layers between mixtures have the site.
  @Test func denseLayersOfAMixtureModelHaveTheSite() throws {
    let base = try Checkpoint(path: folder.model("qwen2_moe-b"))
    let output = folder.file("output.safetensors")
    let result = try compile(base, SpecText.seed("a", site: "mlp", layer: 2), to: output)
    #expect(result.compiled[0].rows[0].module == "model.layers.2.mlp.down_proj")
    #expect(result.results[0].prompts[0].fired)
  }
}

extension Transformer {
  /// The bits of the logits of a text's last token.
  fileprivate func logits(of ids: [Int], memories: MemorySet) -> [UInt32] {
    let batch = Batch(
      [.init(rows: 0..<ids.count, position: 0, cache: nil, appends: false, memories: memories)], shape: shape)
    embed([ids], batch)
    forward(batch)
    let logits = logits(batch.residual, rows: [ids.count - 1])
    return logits.array(0).map(\.bitPattern)
  }
}
