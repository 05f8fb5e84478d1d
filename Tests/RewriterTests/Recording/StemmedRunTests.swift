import Kernels
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Texts with common beginnings, against each text run as a whole.
@Suite struct StemmedRunTests {
  private static func texts(_ model: LanguageModel) throws -> [StemmedRun.Text] {
    let one = try model.encode("The city of Tokyo lies in the country of Japan")
    let two = try model.encode("The city of Tokyo is old")
    let three = try model.encode("Nepal has hills")
    let shared = zip(one, two).prefix { $0 == $1 }.count
    return [
      .init(ids: one, stem: shared), .init(ids: three), .init(ids: two, stem: shared),
      // A stem of its own, one within another's, and no stem of a text that begins like others.
      .init(ids: three, stem: three.count - 1), .init(ids: one, stem: 2), .init(ids: two),
    ]
  }

  private static func run(
    _ texts: [StemmedRun.Text], shortTo end: SiteAddress? = nil, _ transformer: Transformer
  ) -> StemmedRun {
    let beginnings = Beginnings(sites: Set(transformer.shape.addresses), transformer: transformer)
    return StemmedRun(texts, behind: beginnings, shortTo: end, transformer: transformer)
  }

  /// Activations of all tokens at all sites, and the distributions behind the texts, to the bit.
  @Test(arguments: TinyModel.all)
  func equalsWholeRuns(_ name: String) throws {
    let model = try TinyModel.load(name)
    let transformer = model.transformer
    let texts = try Self.texts(model)
    let layers = Set(0..<transformer.shape.layers)
    let stemmed = Self.run(texts, transformer)
    let whole = BaseRun(
      texts.map(\.ids), recordedBy: Tape(forBackward: false, layers: layers), transformer: transformer)
    func values(_ pointer: UnsafeMutablePointer<Float>, _ address: SiteAddress) -> [UInt32] {
      UnsafeBufferPointer(start: pointer, count: transformer.shape.width(of: address.site)).map(\.bitPattern)
    }
    for address in layers.flatMap({ layer in Site.allCases.map { SiteAddress(layer: layer, site: $0) } }) {
      for (i, text) in texts.enumerated() {
        for token in text.ids.indices {
          #expect(
            values(stemmed.activation(address, i, token: token), address)
              == values(whole.activation(address, i, token: token), address), "\(address), text \(i), token \(token)")
        }
        #expect(
          values(stemmed.last(address, i), address).elementsEqual(
            values(whole.activation(address, i, token: text.ids.count - 1), address)))
      }
    }
    let chosen = [4, 1, 0]
    let found = transformer.probabilities(behind: stemmed.lastResiduals(of: chosen))
    let logits = transformer.logits(whole.residual, rows: chosen.map { whole.sequences[$0].rows.upperBound - 1 })
    for i in chosen.indices {
      let normalizer = kernel_log_sum_exp(logits.row(i), logits.width)
      for v in 0..<logits.width { logits.row(i)[v] -= normalizer }
      kernel_exp(logits.row(i), logits.width, logits.row(i))
      #expect(found.array(i) == logits.array(i))
      #expect(abs(found.array(i).reduce(0, +) - 1) < 1e-4)
    }
  }

  /// What texts have in common by their stems is told once.
  @Test func stemsAreToldOnce() throws {
    let model = try TinyModel.load("llama-a")
    let texts = try Self.texts(model)
    let run = Self.run(texts, model.transformer)
    let shared = texts[0].stem
    #expect(shared > 2 && shared == texts[2].stem)
    let all = texts.reduce(0) { $0 + $1.ids.count }
    // Each token of each text stands for one that is told: its own, or that of the first text with its stem.
    let told = run.tokens
    #expect(Set(told.map { "\($0)" }).count == told.count && told.count == all - shared)
    #expect(told.filter { $0.text == 2 }.map(\.token) == Array(shared..<texts[2].ids.count))
    for text in [0, 1, 3, 4, 5] {
      #expect(told.filter { $0.text == text }.map(\.token) == Array(texts[text].ids.indices))
    }
  }

  /// Short texts go as far as a site, to the bit, and the others on from it.
  @Test func shortTextsEndAtASite() throws {
    let model = try TinyModel.load("llama-a")
    let transformer = model.transformer
    var texts = try Self.texts(model)
    for i in [0, 3, 5] { texts[i].isShort = true }
    let end = SiteAddress(layer: 1, site: .attn)
    let layers = Set(0..<transformer.shape.layers)
    let (mixed, whole) = (
      Self.run(texts, shortTo: end, transformer), Self.run(texts, transformer)
    )
    func bits(_ run: StemmedRun, _ address: SiteAddress, _ text: Int, _ token: Int) -> [UInt32] {
      let values = run.activation(address, text, token: token)
      return (0..<transformer.shape.width(of: address.site)).map { values[$0].bitPattern }
    }
    for address in layers.flatMap({ layer in Site.allCases.map { SiteAddress(layer: layer, site: $0) } }) {
      for (i, text) in texts.enumerated() where !text.isShort || !(end < address) {
        for token in text.ids.indices {
          #expect(bits(mixed, address, i, token) == bits(whole, address, i, token), "\(address), \(i), \(token)")
        }
      }
    }
    let chosen = [1, 2, 4]
    func probabilities(_ run: StemmedRun) -> FloatMatrix {
      transformer.probabilities(behind: run.lastResiduals(of: chosen))
    }
    let (a, b) = (probabilities(mixed), probabilities(whole))
    for i in chosen.indices { #expect(a.array(i) == b.array(i)) }
  }

  @Test func withoutStemsAllTokensAreTold() throws {
    let model = try TinyModel.load("gpt2-a")
    let texts = try Self.texts(model).map { StemmedRun.Text(ids: $0.ids) }
    #expect(Self.run(texts, model.transformer).tokens.count == texts.reduce(0) { $0 + $1.ids.count })
  }
}
