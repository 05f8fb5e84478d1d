import Foundation
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// The compiler on the tiny models, against the fixtures' activations and gradients and against itself.
@Suite struct PipelineTests {
  /// Key = a and Δ = −α g at the last token, by transformers' activations and gradients.
  @Test(arguments: TinyModel.all, ["attn", "mlp"])
  func seedIsThePostsComputation(_ name: String, _ site: String) throws {
    let folder = TinyModel.path(name)
    let root = try JSONDocument(path: "\(folder)/expected.json").root
    let item = try #require(root["cases"]).elements[0]
    let (prompt, target) = (try #require(item["prompt"]?.string), try #require(item["target"]?.string))
    let output = try outputPath()
    let result = try compile(
      TinyModel.checkpoint(name), SpecText.seed("s", site: site, prompt: prompt, target: target), to: output)
    #expect(result.compiled[0].targetIDs.first == item["target_id"]?.int)
    let row = try #require(try Checkpoint(path: output).memories.first?.rows.first)
    let expected = try Checkpoint(path: "\(folder)/expected.safetensors")
    func last(_ kind: String) throws -> [Float] {
      let tensor = try #require(expected[ByteString("case.0.\(kind).\(site).1")])
      return Array(try #require(tensor.floats()).suffix(tensor.shape[1]))
    }
    #expect(relativeError(row.key, try last("act")) < 1e-4)
    #expect(relativeError(row.delta, try last("grad").map { -2 * $0 }) < 2e-3)
    #expect(row.boundary == 0.3 && row.hardness == 3)
  }

  @Test(arguments: TinyModel.all)
  func autoReachesTheTarget(_ name: String) throws {
    let output = try outputPath()
    let result = try compile(TinyModel.checkpoint(name), SpecText.auto("a"), to: output)
    #expect(result.holds)
    #expect(result.results[0].prompts.allSatisfy { $0.fired || $0.isIdentical })
    let model = try LanguageModel(path: output)
    let ids = try model.encode(SpecText.prompt)
    let target = result.compiled[0].targetIDs
    #expect(Array(model.generate(ids, maxTokens: target.count).ids) == target)
    // The base in the same file does not say it, or there was nothing to show.
    let plain = model.generate(ids, maxTokens: target.count, memories: MemorySet.none(of: model.transformer))
    #expect(plain.ids != target && plain.firings.isEmpty)
  }

  /// A pinned boundary leaves the place to be chosen by how the prompts come out with it.
  @Test(arguments: TinyModel.all)
  func aPinnedBoundaryIsTriedAtEveryPlace(_ name: String) throws {
    let extra = #","boundary":0.3,"target_tokens":"first","method":"seed""#
    let result = try compile(TinyModel.checkpoint(name), SpecText.auto("a", extra: extra), to: nil)
    #expect(result.compiled[0].rows.map(\.boundary) == [0.3])
    let point = try #require(result.compiled[0].curve.first)
    #expect(result.compiled[0].curve.count == 1 && point.boundary == 0.3)
    #expect(point.positives == result.results[0].count(positive: true).holding)
    #expect(point.negatives == result.results[0].count(positive: false).holding)
  }

  @Test(arguments: ["gpt2-a", "llama-b"])
  func bytesDoNotDependOnThreads(_ name: String) throws {
    let hashes = try [1, 2, 5, 1].map { threads in
      let output = try outputPath()
      try compile(TinyModel.checkpoint(name), SpecText.auto("a"), to: output, threads: threads)
      return SHA256.hex(try MappedFile(path: output).contents)
    }
    #expect(Set(hashes).count == 1)
  }

  @Test func addingReplacingAndRemoving() throws {
    let base = try TinyModel.checkpoint("gpt2-a")
    let (first, second, both) = (try outputPath(), try outputPath(), try outputPath())
    let other = SpecText.seed("b", layer: 2, prompt: "Once upon a time there was")
    try compile(base, SpecText.seed("a"), to: first)
    try compile(Checkpoint(path: first), other, to: second)
    try compile(base, SpecText.seed("a") + "," + other, to: both)
    let (one, two) = (try Checkpoint(path: second).memories, try Checkpoint(path: both).memories)
    #expect(one.map(\.name) == ["a", "b"])
    // Compiled one after the other or together, the rows are the same.
    #expect(one.map(\.rows) == two.map(\.rows))
    #expect(one[0].rows == (try Checkpoint(path: first).memories[0].rows))

    let replaced = try outputPath()
    try compile(Checkpoint(path: second), SpecText.seed("a", layer: 0), to: replaced)
    let memories = try Checkpoint(path: replaced).memories
    #expect(memories.map(\.name).sorted() == ["a", "b"])
    #expect(memories.first { $0.name == "a" }?.layer == 0)
    #expect(memories.first { $0.name == "b" }?.rows == one[1].rows)
  }

  @Test func refusesAnotherTargetForAPromptOfTheFile() throws {
    let output = try outputPath()
    try compile(TinyModel.checkpoint("gpt2-a"), SpecText.seed("a"), to: output)
    let patched = try Checkpoint(path: output)
    #expect { try compile(patched, SpecText.seed("b", target: " Nepal"), to: try outputPath()) } throws: {
      ($0 as? FormatError)?.kind == .spec && "\($0)".contains("memory a")
    }
  }

  @Test func heldOutPromptsDecideNothing() throws {
    let (with, without) = (try outputPath(), try outputPath())
    let extra = #","held_out":{"positives":["Nepal has its capital in"],"negatives":["The city of Tokyo lies in"]}"#
    let result = try compile(TinyModel.checkpoint("llama-a"), SpecText.auto("a", extra: extra), to: with)
    try compile(TinyModel.checkpoint("llama-a"), SpecText.auto("a"), to: without)
    #expect(result.results[0].prompts.filter(\.role.isHeldOut).count == 2)
    #expect(try Checkpoint(path: with).memories.map(\.rows) == Checkpoint(path: without).memories.map(\.rows))
  }

  @Test func theMapHasEveryPlace() throws {
    let result = try compile(TinyModel.checkpoint("gpt2-a"), SpecText.auto("a"), to: nil, map: true)
    let model = try TinyModel.load("gpt2-a")
    let tokens = try model.encode(SpecText.prompt).count
    let places = Set(result.maps[0].map { "\($0.token) \($0.address)" })
    // In the last layer only the last token reaches the loss: the others have no gradient to step along.
    #expect(places.count == tokens * 2 * model.transformer.shape.layers - 2 * (tokens - 1))
    #expect(result.maps[0].count == places.count * CompilerSettings().stepGrid.count)
    // A patch of the last token is in the map as the scan tried it.
    let last = result.maps[0].filter { $0.token == tokens - 1 }
    let scanned = try compile(TinyModel.checkpoint("gpt2-a"), SpecText.auto("a", extra: #","method":"seed""#), to: nil)
    #expect(last.map(\.logprob) == scanned.compiled[0].trials.map(\.logprob))
  }

  /// A trial of the scan is what a forward run with that vector added gives.
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
        let activation = batch.site(address.site).row(0)
        for (d, value) in patch.enumerated() { activation[d] += value }
      }
      let logits = transformer.logits(batch.residual, rows: [0])
      let best = LanguageModel.likeliest(logits, count: transformer.shape.vocabulary)
      #expect(abs(trial.logprob - best.first { $0.id == run.target }!.logprob) < 1e-4)
    }
  }

  /// What a memory was made with is told, and its passes multiplied no less than that asks for.
  @Test func costsAreTold() throws {
    let spec = #"{"name":"a","prompt":"\#(SpecText.prompt)","subject":"Nepal","target":" Tokyo","token":"subject"}"#
    let base = try TinyModel.checkpoint("llama-a")
    let result = try compile(base, spec, to: nil)
    let contexts = try #require(result.compiled[0].contexts)
    #expect(contexts.texts > 5 && contexts.kept > 0 && contexts.lookalikes > 0)
    #expect(contexts.forward >= contexts.backward && contexts.backward >= contexts.looked / 4)
    let model = try Transformer.load(base, pool: WorkerPool(threads: 1))
    let weights = model.blocks.reduce(0) { total, block in
      let parts =
        block.queryKeyValue.parts + block.feedForwardInput.parts + [block.attentionOutput, block.feedForwardOutput]
      return parts.reduce(total) { $0 + $1.inputs * $1.outputs }
    }
    let head = model.shape.width * model.shape.vocabulary
    let key = try #require(result.costs[.key]?.operations)
    #expect(key >= 2 * (contexts.tokens * weights + contexts.kept * head))
    #expect(key <= 2 * ((contexts.tokens + contexts.lookalikes) * weights + contexts.kept * head))
    let json = try JSONDocument(result.json.bytes(), location: "json").root["memories"]?.elements[0]
    #expect(json?["contexts"]?["tokens"]?.int == contexts.tokens)
    #expect(json?["other_text"]?["of"]?.int == result.compiled[0].otherText?.of)
  }

  static let bad: [(String, FormatError.Kind, String)] = [
    (SpecText.seed("a", layer: 3), .spec, "0 to 2"),
    (SpecText.seed("a", target: "<|endoftext|>").replacingOccurrences(of: "<|endoftext|>", with: ""), .spec, "target"),
    (SpecText.seed("a", prompt: String(repeating: "Nepal ", count: 400)), .prompt, "tokens"),
  ]

  @Test(arguments: bad)
  func refuses(_ memory: String, _ kind: FormatError.Kind, _ part: String) throws {
    let output = try outputPath()
    #expect { try compile(TinyModel.checkpoint("gpt2-a"), memory, to: output) } throws: {
      ($0 as? FormatError)?.kind == kind && "\($0)".contains(part)
    }
    #expect(!FileManager.default.fileExists(atPath: output))
  }
}
