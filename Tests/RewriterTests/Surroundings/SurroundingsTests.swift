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

  /// Sentences about others may be about a memory's own subject: then the samples that name it are known.
  @Test(arguments: [("London", 1), ("Oslo", 0), ("The Beatles", 1), ("Beatles", 1)])
  func sentencesThatNameASubject(_ subject: String, _ least: Int) throws {
    let model = try TinyModel.load("llama-a")
    let settings = CompilerSettings()
    let background = Background(texts: ["Nepal has hills."], tokenizer: model.tokenizer, settings: settings)
    let surroundings = Surroundings(model, background: background, prompts: [], sites: [], settings: settings)
    let all = Surroundings.texts(background, model: model, settings: settings)
    let tokens = surroundings.sentenceTokens(of: subject)
    #expect(tokens.count == settings.otherSentences)
    var expected: [Int] = []
    for (i, ids) in all.enumerated().dropFirst(background.texts.count) {
      let text = model.tokenizer.decode(ids, isStart: true)
      guard text.contains(subject) else { continue }
      let token = try #require(tokens[i - background.texts.count])
      #expect(model.tokenizer.decode(Array(ids[...token]), isStart: true).contains(subject))
      expected.append(all[..<i].reduce(0) { $0 + $1.count } + token)
    }
    #expect(surroundings.samples(of: subject) == expected && expected.count >= least)
    #expect(tokens.count { $0 != nil } == expected.count)
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

  /// Of a row that asks for cues the tokens are counted on which it acts in each text by itself.
  @Test(arguments: ["gpt2-a", "llama-a"])
  func firingsOfRowsWithCuesAreCounted(name: String) throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededGenerator(seed: seed)
    let settings = CompilerSettings()
    let model = try TinyModel.load(name)
    let background = Background(
      texts: ["Nepal has hills and rivers.", "Tokyo", "The capital city of Nepal"], tokenizer: model.tokenizer,
      settings: settings)
    let compiled = try compile(TinyModel.checkpoint(name), SpecText.gated("a")).compiled[0]
    let texts = Surroundings.texts(background, model: model, settings: settings)
    var total = 0
    for isPrepared in [false, true] {
      let surroundings = Surroundings(
        model, background: background, prompts: [], sites: isPrepared ? SiteAddress.all(model) : [], settings: settings)
      for round in 0..<8 {
        var row = compiled.rows[0]
        row.boundary = Float.random(in: 0.5...2, using: &random)
        for i in row.cues.indices { row.cues[i].boundary = Float.random(in: 0.2...1.2, using: &random) }
        let set = try MemorySet(rows: [row], for: model.transformer)
        let expected = texts.reduce(0) { count, text in
          let firings = model.generate(text, maxTokens: 1, memories: set).firings
          return count + Set(firings.map(\.position)).count
        }
        let counted = try surroundings.firings(of: row)
        #expect(counted.fired == expected, "seed \(seed), round \(round)")
        #expect(counted.of == texts.reduce(0) { $0 + $1.count })
        total += expected
      }
    }
    #expect(total > 0, "seed \(seed)")
  }
}

extension SiteAddress {
  fileprivate static func all(_ model: LanguageModel) -> [SiteAddress] {
    (0..<model.transformer.shape.layers).flatMap { layer in
      Site.allCases.map { SiteAddress(layer: layer, site: $0) }
    }
  }
}
