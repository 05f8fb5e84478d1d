import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// The post's method: key and delta from one activation and one gradient.
@Suite struct SeedTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// k = a and Δ = −α g at the last token, with the activations and gradients of transformers.
  @Test(arguments: TinyModel.all, Site.allCases)
  func seedIsThePostsComputation(_ name: String, _ site: Site) throws {
    let expected = try TransformersValues(name)
    let item = expected.cases[0]
    let address = SiteAddress(layer: 1, site: site)
    let output = folder.file("output.safetensors")
    let result = try compile(
      TinyModel.checkpoint(name),
      SpecText.seed("s", site: site.rawValue, layer: address.layer, prompt: item.prompt, target: item.target),
      to: output)
    #expect(result.compiled[0].targetIDs.first == item.targetID)
    let row = try #require(try Checkpoint(path: output).memories.first?.rows.first)
    #expect(relativeError(row.key, try expected.activation(0, address)) < 1e-4)
    #expect(relativeError(row.delta, try expected.gradient(0, address).map { -2 * $0 }) < 2e-3)
    #expect(row.boundary == 0.3 && row.hardness == 3)
  }

  @Test(arguments: TinyModel.all)
  func theMethodOfTheCommandLineCounts(_ name: String) throws {
    let memory = SpecText.auto("a", extra: #","site":"mlp","layer":1,"alpha":0.5"#)
    let result = try compile(TinyModel.checkpoint(name), memory, method: .seed)
    let (row, compiled) = (try #require(result.compiled[0].rows.first), result.compiled[0])
    #expect(compiled.spec.method == .seed && compiled.steps[0] == 1 && row.hardness == 3 && row.alpha == 0.5)
    let model = try TinyModel.load(name)
    let run = KeyRun(
      try model.encode(SpecText.prompt), target: compiled.targetIDs[0],
      transformer: model.transformer)
    let address = SiteAddress(layer: 1, site: .mlp)
    #expect(row.key == run.activation(address))
    #expect(row.delta == run.gradient(address).map { -0.5 * $0 })
  }
}
