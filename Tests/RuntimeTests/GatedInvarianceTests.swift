import Kernels
import Testing

@testable import Format
@testable import Runtime

/// Where rows with cues act does not depend on how a sequence is cut up, on the rest of the batch, or on the threads.
@Suite struct GatedInvarianceTests {
  static let fixtures = ["gpt2-a", "llama-a", "gpt_neox-a", "gemma3-a", "qwen2_moe-b"].map(ModelFixture.init)

  /// The longest prompt of a fixture.
  private static func text(_ fixture: ModelFixture) throws -> [Int] {
    try #require(try fixture.cases().map(\.ids).max { $0.count < $1.count })
  }

  @Test(arguments: fixtures)
  func bitsAreTheSameHoweverComputed(_ fixture: ModelFixture) throws {
    let ids = try Self.text(fixture)
    let seed = UInt64.random(in: 0..<1 << 32)
    var expected: GatedRun?
    for threads in [1, 2, 5] {
      let model = try fixture.transformer(threads: threads)
      var random = SeededGenerator(seed: seed)
      let set = try GatedSample(model, ids, using: &random).set
      let other = try GatedSample(model, ids.reversed(), using: &random).set
      let whole = GatedRun(model, ids, set)
      expected = expected ?? whole
      #expect(whole == expected && whole.firings.contains { !$0.cues.isEmpty }, "seed \(seed), \(threads) threads")
      let single = [Int](repeating: 1, count: ids.count)
      let half = ids.count / 2
      #expect(GatedRun(model, ids, set, lengths: single) == whole, "seed \(seed)")
      #expect(GatedRun(model, ids, set, lengths: [half, ids.count - half]) == whole, "seed \(seed)")
      let between = [(Array(ids.reversed()), other), (ids, model.noMemories), (ids, other)]
      #expect(
        GatedRun(model, ids, set, lengths: [half, ids.count - half], between: between) == whole, "seed \(seed)")
    }
  }

  /// A step that is run twice, or stopped on the way, does not see its own tokens as seen before.
  @Test(arguments: fixtures)
  func aPassThatIsRunAgainComesToTheSame(_ fixture: ModelFixture) throws {
    let ids = try Self.text(fixture)
    let seed = UInt64.random(in: 0..<1 << 32)
    var random = SeededGenerator(seed: seed)
    let model = try fixture.transformer()
    let set = try GatedSample(model, ids, using: &random).set
    let whole = GatedRun(model, ids, set)
    let cache = model.makeCache(capacity: ids.count)
    for (count, end) in [
      (ids.count, SiteAddress(layer: 0, site: .mlp)), (ids.count / 2, SiteAddress(layer: 0, site: .attn)),
    ] {
      let batch = Batch(
        [.init(rows: 0..<count, position: 0, cache: cache, appends: true, memories: set)], shape: model.shape)
      // Other tokens, which come to nothing.
      model.embed([Array(ids.reversed().prefix(count))], batch)
      model.forward(batch, to: end)
    }
    #expect(GatedRun(model, ids, set, lengths: [ids.count], cache: cache) == whole, "seed \(seed)")
    let batch = model.singleBatch(ids, memories: set)
    var again = GatedRun()
    for _ in 0..<2 {
      model.embed([ids], batch)
      batch.firings = []
      batch.traces = true
      model.forward(batch)
      again = GatedRun()
      again.add(batch, sequence: 0, model)
    }
    #expect(again == whole, "seed \(seed)")
  }

  /// Continuations that share a cache read what has been seen in it, and leave it as it was.
  @Test(arguments: fixtures)
  func continuationsShareWhatHasBeenSeen(_ fixture: ModelFixture) throws {
    let ids = try Self.text(fixture)
    let seed = UInt64.random(in: 0..<1 << 32)
    var random = SeededGenerator(seed: seed)
    let model = try fixture.transformer()
    let set = try GatedSample(model, ids, using: &random).set
    let half = ids.count / 2
    let rests = [Array(ids[half...]), Array(ids[half...].reversed()), Array(ids[half...])]
    let cache = model.makeCache(capacity: ids.count)
    var run = GatedRun(model, ids, set, lengths: [half], cache: cache)
    for _ in 0..<2 {
      var row = 0
      let batch = Batch(
        rests.map { rest in
          defer { row += rest.count }
          return .init(
            rows: row..<(row + rest.count), position: half, cache: cache, appends: false, memories: set)
        }, shape: model.shape)
      batch.traces = true
      model.embed(rests, batch)
      model.forward(batch)
      for (i, rest) in rests.enumerated() {
        var continued = run
        continued.add(batch, sequence: i, model)
        #expect(continued == GatedRun(model, ids[..<half] + rest, set), "seed \(seed), rest \(i)")
      }
    }
    let rest = GatedRun(model, ids, set, lengths: [ids.count - half], cache: cache)
    run.append(rest)
    #expect(run == GatedRun(model, ids, set), "seed \(seed)")
  }

  /// A run that goes on from a site is given what was present before it.
  @Test(arguments: fixtures)
  func resumedRunsAreGivenWhatWasPresent(_ fixture: ModelFixture) throws {
    let ids = try Self.text(fixture)
    let seed = UInt64.random(in: 0..<1 << 32)
    let model = try fixture.transformer()
    let start = SiteAddress(layer: model.shape.layers - 1, site: .attn)
    let set = try Self.actingFrom(start, on: ids, model, SeededGenerator(seed: seed))
    let whole = GatedRun(model, ids, set)
    let cache = model.makeCache(capacity: ids.count)
    let base = Batch(
      [.init(rows: 0..<ids.count, position: 0, cache: cache, appends: true, memories: model.noMemories)],
      shape: model.shape)
    let tape = Tape(forBackward: false)
    model.embed([ids], base)
    model.forward(base, tape: tape)
    let presence = CuePresence(of: set)
    for address in set.cueAddresses {
      presence.watch(address, tape[address.layer].site(address.site), rows: 0..<ids.count, position: 0)
    }
    let acting = set[start]?.firstFiring(
      tape[start.layer].attention, rows: 0..<ids.count, presence: presence)
    #expect(acting == whole.firings.filter { $0.address == start }.map(\.position).min(), "seed \(seed)")
    let first = try #require(whole.firings.map(\.position).min(), "seed \(seed)")
    let batch = Batch(
      [
        .init(
          rows: 0..<(ids.count - first), position: first, cache: cache, appends: false, memories: set,
          presence: presence)
      ], shape: model.shape)
    batch.traces = true
    let layer = tape[start.layer]
    for token in first..<ids.count {
      batch.residual.row(token - first).update(from: layer.residual.row(token), count: layer.residual.width)
      batch.attention.row(token - first).update(from: layer.attention.row(token), count: layer.attention.width)
    }
    model.forward(batch, from: start)
    var resumed = GatedRun()
    resumed.add(batch, sequence: 0, model)
    #expect(resumed.firings == whole.firings, "seed \(seed)")
    #expect(resumed.logits[...] == whole.logits[(first * model.shape.vocabulary)...], "seed \(seed)")
  }

  /// Rows at a site of the last layer and behind it, so that the base model's run is the same up to there; the cues of
  /// those behind are watched there too.
  private static func actingFrom(
    _ start: SiteAddress, on ids: [Int], _ model: Transformer, _ random: SeededGenerator
  ) throws -> MemorySet {
    var keys = SampleKeys(model, ids, random)
    let cues = model.shape.addresses.filter { $0 <= start }.flatMap { address in
      [MemoryCue.Mode.seen, .here].map { (address, keys.cue($0, address)) }
    }
    let rows = (0..<12).map { i in
      let address = i.isMultiple(of: 2) ? start : model.shape.addresses.last ?? start
      let earlier = cues.filter { $0.0 < address }.map(\.1)
      return keys.row(address, asking: Array(earlier.shuffled(using: &keys.random).prefix(i % 3)))
    }
    return try MemorySet(rows: rows, for: model)
  }
}
