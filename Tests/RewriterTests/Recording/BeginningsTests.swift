import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Texts run behind what they have in common, against each text run alone.
@Suite struct BeginningsTests {
  /// Texts of few tokens, so that many begin alike.
  private static func texts(_ random: inout SeededGenerator) -> [Beginnings.Text] {
    (0..<Int.random(in: 1...9, using: &random)).map { _ in
      let ids = (0..<Int.random(in: 1...10, using: &random)).map { _ in Int.random(in: 0..<2, using: &random) }
      return Beginnings.Text(
        ids: ids, isKept: Int.random(in: 0..<4, using: &random) == 0,
        end: ends[Int.random(in: 0..<4, using: &random)])
    }
  }

  private static let ends: [SiteAddress?] = [
    nil, nil, SiteAddress(layer: 0, site: .mlp), SiteAddress(layer: 1, site: .attn),
  ]

  private static func bits(_ values: UnsafeMutablePointer<Float>, _ count: Int) -> [UInt32] {
    UnsafeBufferPointer(start: values, count: count).map(\.bitPattern)
  }

  /// All tokens at all sites and behind the last block, to the bit, however much is remembered of earlier calls.
  @Test(arguments: TinyModel.all, [0, 24, 1000])
  func equalsTextsRunAlone(_ name: String, _ limit: Int) throws {
    let model = try TinyModel.load(name)
    let transformer = model.transformer
    let seed = UInt64.random(in: 0..<10000)
    var random = SeededGenerator(seed: seed)
    let sites = transformer.shape.addresses
    let beginnings = Beginnings(sites: Set(sites), tokenLimit: limit, transformer: transformer)
    var count = 0
    for call in 0..<6 {
      let texts = Self.texts(&random)
      let recorded = beginnings.run(texts)
      count += texts.reduce(0) { $0 + $1.ids.count }
      // A beginning of another is run again where a pass more would save fewer tokens.
      let repeated = (call + 1) * (Beginnings.leastSaving - 1)
      #expect(
        beginnings.kept <= limit && beginnings.count <= count + repeated,
        "seed \(seed), call \(call): \(beginnings.count) of \(count)")
      for (text, record) in zip(texts, recorded) {
        #expect(record.ids == text.ids)
        let alone = BaseRun([text.ids], recordedBy: Tape(forBackward: false), transformer: transformer)
        for token in text.ids.indices {
          for address in sites where text.end.map({ address <= $0 }) ?? true {
            let width = transformer.shape.width(of: address.site)
            #expect(
              Self.bits(record.activation(address, token: token), width)
                == Self.bits(alone.activation(address, 0, token: token), width),
              "seed \(seed), call \(call), \(text.ids), token \(token), \(address)")
          }
          guard text.end == nil else { continue }
          let width = transformer.shape.width
          #expect(
            Self.bits(record.residual(token: token), width) == Self.bits(alone.residual.row(token), width),
            "seed \(seed), call \(call), \(text.ids), token \(token)")
        }
      }
    }
  }

  /// A text that is kept is gone on from at any of its tokens and sites as if it had been run alone.
  @Test(arguments: ["gpt2-a", "llama-a"], Site.allCases)
  func keptTextsAreGoneOnFrom(_ name: String, _ site: Site) throws {
    let model = try TinyModel.load(name)
    let transformer = model.transformer
    let address = SiteAddress(layer: 1, site: site)
    let beginnings = Beginnings(sites: [address], transformer: transformer)
    let (short, long) = ([3, 1, 4, 1], [3, 1, 4, 1, 5, 9, 2, 6])
    _ = beginnings.run([.init(ids: short, isKept: true), .init(ids: short + [7])])
    let text = beginnings.run([.init(ids: long, isKept: true)])[0]
    #expect(beginnings.count == long.count + 1)
    let logits = transformer.logits(text.residualCopy(transformer), rows: long.indices)
    for token in long.indices {
      let batch = transformer.resume([
        text.resumption(at: address, from: token, cache: text.cache, memories: .none(of: transformer))
      ])
      let found = transformer.logits(batch.residual, rows: 0..<batch.rows)
      for row in 0..<batch.rows { #expect(found.array(row) == logits.array(token + row), "from \(token), row \(row)") }
    }
  }

  /// Each beginning is run once where there is room, and again where it has been forgotten.
  @Test func whatIsRememberedIsNotRunAgain() throws {
    let transformer = try TinyModel.load("llama-a").transformer
    let sites: Set = [SiteAddress(layer: 0, site: .mlp)]
    func tokens(limit: Int) -> [Int] {
      let beginnings = Beginnings(sites: sites, tokenLimit: limit, transformer: transformer)
      return (0..<3).map { call in
        let before = beginnings.count
        _ = beginnings.run((0..<3).map { .init(ids: [1, 2, 3, 4, 10 + 3 * call + $0]) })
        return beginnings.count - before
      }
    }
    #expect(tokens(limit: 100) == [7, 3, 3] && tokens(limit: 3) == [7, 7, 7])
  }

  /// What no call has used for the longest time goes first.
  @Test func theLeastRecentlyUsedIsForgotten() throws {
    let transformer = try TinyModel.load("llama-a").transformer
    let beginnings = Beginnings(sites: [], tokenLimit: 6, transformer: transformer)
    func tokens(_ ids: [Int]) -> Int {
      let before = beginnings.count
      _ = beginnings.run([.init(ids: ids, isKept: true)])
      return beginnings.count - before
    }
    #expect(tokens([1, 2, 3]) == 3 && tokens([4, 5, 6]) == 3 && tokens([1, 2, 3]) == 0)
    #expect(tokens([7, 8, 9]) == 3 && tokens([1, 2, 3]) == 0 && tokens([4, 5, 6]) == 3 && beginnings.kept == 6)
  }
}

extension RecordedText {
  /// What stands behind the last block at all tokens [n, C].
  fileprivate func residualCopy(_ transformer: Transformer) -> FloatMatrix {
    FloatMatrix(copying: ids.indices.map { residual(token: $0) }, width: transformer.shape.width)
  }
}
