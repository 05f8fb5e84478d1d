import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// The activations and gradients that rows are made from, against those of transformers.
@Suite struct KeyRunTests {
  /// The prompts have one token, other scripts, a line break.
  @Test(arguments: TinyModel.all)
  func keysAndGradientsOfEverySite(_ name: String) throws {
    let model = try TinyModel.load(name)
    let expected = try TransformersValues(name)
    for (i, item) in expected.cases.enumerated() {
      let run = KeyRun(
        item.ids, target: item.targetID, memories: .none(of: model.transformer), transformer: model.transformer)
      #expect(run.next == item.next)
      for layer in 0..<model.transformer.shape.layers {
        for site in Site.allCases {
          let address = SiteAddress(layer: layer, site: site)
          #expect(relativeError(run.activation(address), try expected.activation(i, address)) < 1e-4)
          #expect(relativeError(run.gradient(address), try expected.gradient(i, address)) < 2e-3)
        }
      }
    }
  }
}
