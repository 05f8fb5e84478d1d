import Foundation
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Files that were patched before, and models that hold several memories.
@Suite struct PatchedModelTests {
  static let others = [
    SpecText.prompt, "Once upon a time", "Paris is the capital of", "The city of Tokyo lies in", " the",
    "Zürich, 東京",
    "Where do rivers come from?",
  ]

  static func hash(_ path: String) throws -> String { SHA256.hex(try MappedFile(path: path).contents) }

  /// Where no memory fires, every logit of every token is the base model's to the bit; where one does, the tokens before
  /// it keep theirs.
  @Test(arguments: TinyModel.all)
  func localityIsExact(_ name: String) throws {
    let output = try outputPath()
    let second = SpecText.seed("b", site: "attn", layer: 0, prompt: "Once upon a time")
    let result = try compile(TinyModel.checkpoint(name), SpecText.auto("a") + "," + second, to: output)
    for prompt in result.results.flatMap(\.prompts) where !prompt.fired {
      #expect(prompt.isIdentical && prompt.before == prompt.after)
    }
    let model = try LanguageModel(path: output)
    func run(_ ids: [Int], _ memories: MemorySet) -> (logits: [UInt32], first: Int?) {
      let shape = model.transformer.shape
      let batch = Batch(
        [.init(rows: 0..<ids.count, position: 0, cache: nil, appends: false, memories: memories)], shape: shape)
      batch.traces = true
      model.transformer.embed([ids], batch)
      model.transformer.forward(batch)
      let logits = model.transformer.logits(batch.residual, rows: Array(ids.indices))
      return (ids.indices.flatMap { logits.array($0).map(\.bitPattern) }, batch.firings.map(\.position).min())
    }
    var (silent, firing) = (0, 0)
    for prompt in Self.others {
      let ids = try model.encode(prompt)
      let (patched, base) = (run(ids, model.memories), run(ids, .none(of: model.transformer)))
      let untouched = (patched.first ?? ids.count) * model.transformer.shape.vocabulary
      #expect(base.first == nil && patched.logits[..<untouched] == base.logits[..<untouched])
      if patched.first == nil { silent += 1 } else if patched.logits != base.logits { firing += 1 }
    }
    #expect(silent > 0 && firing > 0)
  }

  /// Data at odd addresses and in another order: nothing of a memory depends on how the base lies in its file.
  @Test(arguments: ["gpt2-a", "llama-b"])
  func anUnalignedBaseGivesTheSameRows(_ name: String) throws {
    let base = try TinyModel.checkpoint(name)
    let output = try outputPath()
    let folder = (output as NSString).deletingLastPathComponent
    let tensors = Array(base.tensors.reversed())
    var bytes = try HeaderWriter.bytes(tensors, metadata: [:], location: "f")
    bytes.append(0x20)
    bytes.replaceSubrange(0..<8, with: withUnsafeBytes(of: UInt64(bytes.count - 8).littleEndian) { Array($0) })
    for tensor in tensors { tensor.withBytes { bytes += $0 } }
    try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/model.safetensors"))
    for file in ["config.json", "tokenizer.json"] {
      try FileManager.default.copyItem(atPath: "\(TinyModel.folder)/\(name)/\(file)", toPath: "\(folder)/\(file)")
    }
    let odd = try Checkpoint(path: folder)
    #expect(odd.baseHash() == base.baseHash())
    let (one, two) = (
      try compile(base, SpecText.auto("a"), to: nil),
      try compile(odd, SpecText.auto("a"), to: output)
    )
    #expect(one.compiled[0].rows == two.compiled[0].rows && one.results == two.results)
    #expect(try Checkpoint(path: output).baseHash() == base.baseHash())
  }

  /// Taking a memory out gives the file it was added to, byte for byte; stripping gives the base.
  @Test(arguments: ["gpt2-published", "llama-b"])
  func removingUndoesAdding(_ name: String) throws {
    let base = try TinyModel.checkpoint(name)
    let (first, second, removed) = (
      try outputPath(), try outputPath(), try outputPath()
    )
    try compile(base, SpecText.auto("a"), to: first)
    let other = SpecText.auto("b").replacingOccurrences(
      of: SpecText.prompt, with: "The hills of Nepal are in")
    try compile(Checkpoint(path: first), other, to: second)
    let both = try Checkpoint(path: second)
    #expect(both.memories.map(\.name) == ["a", "b"])
    try both.write(memories: both.memories.filter { $0.name != "b" }, to: removed)
    #expect(try Self.hash(removed) == Self.hash(first))
    #expect(try Self.hash(second) != Self.hash(first))

    #expect(both.memories[0].rows == (try Checkpoint(path: first).memories[0].rows))

    let stripped = try outputPath()
    try both.writeBase(to: stripped)
    let bare = try Checkpoint(path: stripped)
    #expect(bare.memories.isEmpty && CompanionFile.allCases.allSatisfy { bare.companion($0) == nil })
    #expect(bare.tensors.map(\.name) == base.tensors.map(\.name))
    #expect(bare.tensors.map { $0.sha256() } == base.tensors.map { $0.sha256() })
  }

  @Test func aDryRunSaysWhatTheRunSays() throws {
    let output = try outputPath()
    var dry = try compile(TinyModel.checkpoint("llama-a"), SpecText.auto("a"), to: nil)
    var wet = try compile(TinyModel.checkpoint("llama-a"), SpecText.auto("a"), to: output)
    #expect(dry.results == wet.results && dry.compiled.map(\.rows) == wet.compiled.map(\.rows))
    // Durations differ from run to run, and nothing was verified in the dry one.
    wet.costs[.verify] = nil
    #expect(wet.costs.allSatisfy { $0.key == .write || dry.costs[$0.key]?.operations == $0.value.operations })
    (dry.costs, wet.costs) = ([:], [:])
    #expect(dry.json.text() == wet.json.text())
    let written = try Checkpoint(path: output).memories[0]
    let (holding, all) = wet.results[0].count(positive: true)
    #expect(written.scores.text().hasPrefix(#"{"positives":{"holding":\#(holding),"of":\#(all)}"#))
  }

  /// Names, prompts and targets are told apart by their bytes.
  @Test func equivalentSpellingsAreTwo() throws {
    let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
    let (first, second) = (try outputPath(), try outputPath())
    let base = try TinyModel.checkpoint("gpt2-a")
    try compile(base, SpecText.seed(composed, target: composed), to: first)
    let patched = try Checkpoint(path: first)
    #expect { try compile(patched, SpecText.seed("b", target: decomposed), to: second) } throws: {
      ($0 as? FormatError)?.kind == .spec
    }
    let result = try compile(
      patched, SpecText.seed(decomposed, prompt: "Once upon a time"), to: second)
    #expect(result.link.kept.count == 1)
    let names = try Checkpoint(path: second).memories.map { ByteString($0.name) }
    #expect(names == [ByteString(composed), ByteString(decomposed)])
  }

  /// A region without end acts on every prompt, which is told of each other memory, never of itself.
  @Test func crossingsAreNamed() throws {
    func wide(_ name: String, _ prompt: String, _ boundary: String) -> String {
      SpecText.seed(name, prompt: prompt).replacingOccurrences(
        of: "\"boundary\":0.3", with: "\"boundary\":\(boundary)")
    }
    let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
    let result = try compile(
      TinyModel.checkpoint("gpt2-a"),
      wide(composed, SpecText.prompt, "1e4") + "," + wide(decomposed, "Once upon a time", "1e-6"), to: nil)
    #expect(result.link.crossings.map { ByteString($0.memory) } == [ByteString(composed)])
    #expect(result.link.crossings.map { ByteString($0.prompt) } == [ByteString(decomposed)])
    let prompts = result.results.flatMap(\.prompts)
    #expect(prompts.allSatisfy { $0.fired })
  }

  /// Tables of other models are refused before anything runs on them.
  @Test(arguments: [
    ("transformer.h.3.mlp.c_proj", 192), ("h.1.mlp.c_proj", 192), ("transformer.h.1.mlp.c_proj", 48),
    ("transformer.h.1.attn.c_proj", 192), ("transformer.h.1.mlp.c_fc", 48),
  ])
  func refusesTablesOfOtherModels(_ module: String, _ width: Int) throws {
    let (first, second) = (try outputPath(), try outputPath())
    let base = try TinyModel.checkpoint("gpt2-a")
    try compile(base, SpecText.seed("a"), to: first)
    var memory = try Checkpoint(path: first).memories[0]
    memory.rows[0].module = ByteString(module)
    memory.rows[0].key = [Float](repeating: 1, count: width)
    memory.rows[0].delta = memory.rows[0].key
    try base.write(memories: [memory], to: second)
    let misfit = try Checkpoint(path: second)
    #expect { try LanguageModel(misfit, pool: WorkerPool(threads: 1)) } throws: {
      ($0 as? FormatError)?.kind == .memoryTable
    }
    #expect {
      try compile(misfit, SpecText.seed("b", prompt: "Once"), to: try outputPath())
    } throws: { ($0 as? FormatError)?.kind == .memoryTable }
  }
}
