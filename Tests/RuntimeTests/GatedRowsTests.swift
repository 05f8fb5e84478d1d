import Testing

@testable import Format
@testable import Runtime

/// Rows that ask for cues: where they act, and how strongly.
@Suite struct GatedRowsTests {
  /// The whole run of a text, its firings traced.
  private static func run(_ model: Transformer, _ ids: [Int], _ set: MemorySet) -> (FloatMatrix, [Firing]) {
    let batch = model.singleBatch(ids, memories: set)
    batch.traces = true
    model.forward(batch)
    return (model.logits(batch.residual, rows: ids.indices), batch.firings)
  }

  @Test(arguments: ["gpt2-a", "gpt2-b", "llama-a", "llama-b"].map(ModelFixture.init))
  func firingFollowsTheFormula(_ fixture: ModelFixture) throws {
    let model = try fixture.transformer()
    let seed = UInt64.random(in: 0..<1 << 32)
    var random = SeededGenerator(seed: seed)
    var (gated, ungated) = (0, 0)
    for item in try fixture.cases() {
      let sample = try GatedSample(model, item.ids, using: &random)
      let named = sample.rows.enumerated().map { i, row in
        var memory = Memory.sample([row])
        memory.name = "\(i)"
        return memory
      }
      let (logits, firings) = Self.run(model, item.ids, try MemorySet(named, for: model))
      var formula = GatedFormula(sample.rows, model)
      let expected = formula.logits(of: item.ids)
      #expect(relativeError(logits.array, expected.array) < 1e-3, "seed \(seed)")
      var strengths = formula.strengths
      for firing in firings {
        let row = sample.rows[Int(firing.memory)!]
        let strength = strengths.removeValue(forKey: .init(row: Int(firing.memory)!, token: firing.position)) ?? 0
        #expect(abs(Double(firing.strength) - strength) < 1e-3, "seed \(seed), \(firing)")
        #expect(firing.cues.map(\.mode) == row.cues.map(\.mode))
        for (part, cue) in zip(firing.cues, row.cues) {
          #expect(abs(Double(part.strength) - formula.presence(cue, firing.position)) < 1e-3, "seed \(seed)")
          #expect(part.mode == .here ? part.position == firing.position : part.position <= firing.position)
        }
        if row.cues.isEmpty { ungated += 1 } else { gated += 1 }
      }
      // What did not fire would have been at the edge of the floor.
      #expect(strengths.values.allSatisfy { $0 < 2e-6 }, "seed \(seed), \(strengths)")
    }
    #expect(gated > 0 && ungated > 0, "seed \(seed)")
  }
}
