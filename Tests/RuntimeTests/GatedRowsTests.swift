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

  /// A subject that is not named leaves every bit to the base model, whatever else the rows would act on.
  @Test(arguments: ["gpt2-a", "llama-a"].map(ModelFixture.init), [MemoryCue.Mode.seen, .here])
  func rowsAreSilentWithoutTheirCues(_ fixture: ModelFixture, _ mode: MemoryCue.Mode) throws {
    let model = try fixture.transformer()
    let ids = try #require(try fixture.cases().first).ids
    let seed = UInt64.random(in: 0..<1 << 32)
    var keys = SampleKeys(model, ids, SeededGenerator(seed: seed))
    let addresses = model.shape.addresses
    var far = keys.cue(mode, addresses[1])
    // A similarity of about 0.01.
    for i in far.key.indices { far.key[i] *= 100 }
    far.boundary = 0.3
    let near = keys.cue(.seen, addresses[0], token: 0)
    let rows = addresses[2...].map { address in
      var row = keys.row(address, asking: [near, far])
      row.boundary = 1e6
      return row
    }
    let base = GatedRun(model, ids, model.noMemories)
    #expect(GatedRun(model, ids, try MemorySet(rows: rows, for: model)) == base, "seed \(seed)")
    let open = rows.map { row in
      var row = row
      row.cues = []
      return row
    }
    #expect(GatedRun(model, ids, try MemorySet(rows: open, for: model)).logits != base.logits, "seed \(seed)")
  }

  @Test func equalCuesAreWatchedOnce() throws {
    let model = try ModelFixture(name: "gpt2-a").transformer()
    var keys = SampleKeys(model, [1, 2, 3], SeededGenerator(seed: 3))
    let addresses = model.shape.addresses
    let seen = keys.cue(.seen, addresses[0])
    var here = seen
    here.mode = .here
    var other = seen
    other.boundary *= 2
    let rows = [[seen, here], [here, seen], [other], []].map { keys.row(addresses[3], asking: $0) }
    let set = try MemorySet(rows: rows, for: model)
    #expect(set.cues.map(\.cue) == [seen, here, other] && set.cueAddresses == [addresses[0]])
    #expect(try MemorySet(rows: [rows[3]], for: model).cueAddresses.isEmpty)
  }

  /// The strength of a cue that rises again counts from where it rose, and comes from there.
  @Test func theHighestPresenceCounts() throws {
    let model = try ModelFixture(name: "gpt2-a").transformer()
    var keys = SampleKeys(model, [1, 2, 3], SeededGenerator(seed: 3))
    let cue = keys.cue(.seen, model.shape.addresses[0])
    let set = try MemorySet(rows: [keys.row(model.shape.addresses[1], asking: [cue])], for: model)
    let presence = CuePresence(of: set)
    for (position, strength) in [(2, Float(0.5)), (4, 0.25), (5, 0.5), (7, 0.75)] {
      presence.note(0, .seen, at: position, strength: strength)
    }
    func mark(_ position: Int) -> [Float]? {
      presence.presence(of: cue, at: position).map { [Float($0.position), $0.strength] }
    }
    #expect(mark(1) == nil && mark(2) == [2, 0.5] && mark(6) == [2, 0.5] && mark(9) == [7, 0.75])
    presence.forget(at: model.shape.addresses[0], from: 7, hereFrom: 0)
    #expect(mark(9) == [2, 0.5])
  }

  /// What is wrong with a cue is said in one line.
  @Test func cuesThatDoNotFitAreRefused() throws {
    let model = try ModelFixture(name: "gpt2-a").transformer()
    var keys = SampleKeys(model, [1, 2, 3], SeededGenerator(seed: 3))
    let addresses = model.shape.addresses
    func refusal(_ cue: MemoryCue, at address: SiteAddress) throws -> String {
      let row = keys.row(address, asking: [keys.cue(.seen, addresses[0]), cue])
      let error = try #require(throws: FormatError.self) { try MemorySet([.sample([row])], for: model) }
      #expect(error.kind == .memoryTable)
      return "\(error)"
    }
    let cue = keys.cue(.here, addresses[2])
    for address in [addresses[1], addresses[2]] {
      #expect(try refusal(cue, at: address).contains("asks for a cue that is not computed before it"))
    }
    var strange = cue
    strange.module = "lm_head"
    #expect(try refusal(strange, at: addresses[3]).contains("its cue's module lm_head is no output projection"))
    var short = cue
    short.key.removeLast()
    #expect(try refusal(short, at: addresses[3]).contains("does not fit the model, expected width"))
    // A row that comes too early for a cue that a later row may ask for.
    let late = keys.row(addresses[3], asking: [cue])
    let early = keys.row(addresses[1], asking: [cue])
    #expect(throws: FormatError.self) { try MemorySet(rows: [late, early], for: model) }
  }
}

// Exit tests came with Swift 6.2.
#if compiler(>=6.2)
  /// What must not be asked of rows with cues stops the program, rather than come out wrong.
  @Suite struct GatedRowRefusalTests {
    private static func sample() -> (model: Transformer, ids: [Int], set: MemorySet)? {
      var random = SeededGenerator(seed: 5)
      guard let model = try? ModelFixture(name: "gpt2-a").transformer(),
        let set = try? GatedSample(model, [1, 2, 3, 4], using: &random).set
      else { return nil }
      return (model, [1, 2, 3, 4], set)
    }

    /// The cache was filled without them.
    @Test func whatHasBeenSeenMustBeKnown() async {
      await #expect(processExitsWith: .failure) {
        guard let (model, ids, set) = Self.sample() else { return }
        let cache = model.makeCache(capacity: 4)
        _ = GatedRun(model, ids, model.noMemories, lengths: [2], cache: cache)
        _ = GatedRun(model, ids, set, lengths: [2], cache: cache)
      }
    }

    @Test func aRunFromASiteNeedsThePresenceBefore() async {
      await #expect(processExitsWith: .failure) {
        guard let (model, ids, set) = Self.sample() else { return }
        model.forward(model.singleBatch(ids, memories: set), from: SiteAddress(layer: 1, site: .attn))
      }
    }
  }
#endif
