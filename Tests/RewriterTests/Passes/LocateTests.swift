import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// The trials of patches at every address.
@Suite struct LocateTests {
  /// A trial has the log-probability of a forward run with its delta added.
  @Test(arguments: ["gpt2-a", "llama-b"])
  func scanEqualsPatchedForwards(_ name: String) throws {
    let model = try TinyModel.load(name)
    let probe = try Probe(Spec(entries: SpecText.auto("a")).memories[0], model: model)
    let transformer = model.transformer
    let none = MemorySet.none(of: transformer)
    let run = KeyRun(probe.keyIDs, target: probe.targetIDs[0], transformer: transformer)
    for trial in Locate(settings: CompilerSettings()).trials(run, spec: probe.spec) {
      let cache = transformer.makeCache(capacity: run.ids.count)
      let first = Batch(
        [.init(rows: 0..<run.last, position: 0, cache: cache, appends: true, memories: none)], shape: transformer.shape
      )
      transformer.embed([Array(run.ids[..<run.last])], first)
      transformer.forward(first)
      let batch = Batch(
        [.init(rows: 0..<1, position: run.last, cache: cache, appends: false, memories: none)],
        shape: transformer.shape)
      transformer.embed([[run.ids[run.last]]], batch)
      let patch = run.gradient(trial.address).map { -trial.alpha * $0 }
      transformer.forward(batch) { address in
        guard address == trial.address else { return }
        for (d, value) in patch.enumerated() { batch.site(address.site).row(0)[d] += value }
      }
      let logits = transformer.logits(batch.residual, rows: [0])
      let best = LanguageModel.likeliest(logits, count: transformer.shape.vocabulary)
      #expect(abs(trial.logprob - best.first { $0.id == run.target }!.logprob) < 1e-4)
    }
  }

  @Test func theMapHasEveryAddress() throws {
    let result = try compile(TinyModel.checkpoint("gpt2-a"), SpecText.auto("a"), to: nil, map: true)
    let model = try TinyModel.load("gpt2-a")
    let tokens = try model.encode(SpecText.prompt).count
    let cells = Set(result.maps[0].map { "\($0.token) \($0.address)" })
    // In the last layer only the last token reaches the loss: the others have no gradient to step along.
    #expect(cells.count == tokens * 2 * model.transformer.shape.layers - 2 * (tokens - 1))
    #expect(result.maps[0].count == cells.count * CompilerSettings().stepGrid.count)
    // The map has the scan's patches of the last token.
    let last = result.maps[0].filter { $0.token == tokens - 1 }
    let scanned = try compile(TinyModel.checkpoint("gpt2-a"), SpecText.auto("a", extra: #","method":"seed""#), to: nil)
    #expect(last.map(\.logprob) == scanned.compiled[0].trials.map(\.logprob))
  }
}
