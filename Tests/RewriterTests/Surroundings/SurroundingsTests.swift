import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// The activations that memories should leave alone.
@Suite struct SurroundingsTests {
  /// A site that was not prepared gives the same keys.
  @Test func surroundingsOfALayerThatWasNotForeseen() throws {
    let model = try TinyModel.load("llama-a")
    let prompt = try model.encode("The city of Tokyo lies in")
    let background = Background(
      texts: ["Nepal has hills and rivers."], tokenizer: model.tokenizer, settings: CompilerSettings())
    func direction(_ layers: [Int]) -> [Float] {
      let surroundings = Surroundings(
        model, background: background, prompts: [(ids: prompt, subject: 3)],
        sites: layers.map { SiteAddress(layer: $0, site: .mlp) }, settings: CompilerSettings())
      return surroundings.keys(at: SiteAddress(layer: 1, site: .mlp)).solve(positives: [1]).key.direction
    }
    #expect(direction([0]) == direction([1]) && direction([]) == direction([0, 1]))
  }

  /// A region around everything takes in all tokens of other text, a narrow one around nothing takes in none.
  @Test func firingsOnOtherTextAreCounted() throws {
    let model = try TinyModel.load("llama-a")
    let background = Background(
      texts: ["Nepal has hills and rivers."], tokenizer: model.tokenizer, settings: CompilerSettings())
    let surroundings = Surroundings(model, background: background, prompts: [], sites: [], settings: CompilerSettings())
    let address = SiteAddress(layer: 1, site: .mlp)
    let width = model.transformer.shape.width(of: .mlp)
    func firings(_ boundary: Float) -> (fired: Int, of: Int) {
      let row = MemoryRow(
        module: model.transformer.module(address), position: 0, targetID: 0, alpha: 1, boundary: boundary,
        hardness: 8, key: [Float](repeating: 1000, count: width), delta: [Float](repeating: 0, count: width))
      return surroundings.firings(of: row, at: address)
    }
    let all = firings(2)
    #expect(all.fired == all.of && all.of > background.texts[0].count)
    #expect(firings(0.1).fired == 0)
  }
}
