import Foundation
import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// A whole rewrite of a spec, on the tiny models.
@Suite struct PipelineTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: TinyModel.all, ["", SpecText.subject])
  func autoReachesTheTarget(_ name: String, _ extra: String) throws {
    let output = folder.file("output.safetensors")
    let result = try compile(TinyModel.checkpoint(name), SpecText.auto("a", extra: extra), to: output)
    #expect(result.holds)
    if !extra.isEmpty { #expect(result.compiled[0].rows[0].cues.map(\.mode) == [.seen, .here]) }
    #expect(result.results[0].prompts.allSatisfy { $0.fired || $0.isIdentical })
    let model = try LanguageModel(path: output)
    let ids = try model.encode(SpecText.prompt)
    let target = result.compiled[0].targetIDs
    #expect(Array(model.generate(ids, maxTokens: target.count).ids) == target)
    // Without memories the model does not give the target, or the test would show nothing.
    let plain = model.generate(ids, maxTokens: target.count, memories: MemorySet.none(of: model.transformer))
    #expect(plain.ids != target && plain.firings.isEmpty)
  }

  @Test(arguments: ["gpt2-a", "llama-b"], ["", SpecText.subject])
  func bytesDoNotDependOnThreads(_ name: String, _ extra: String) throws {
    let hashes = try [1, 2, 5, 1].map { threads in
      let output = folder.file("output.safetensors")
      try compile(TinyModel.checkpoint(name), SpecText.auto("a", extra: extra), to: output, threads: threads)
      return SHA256.hex(try MappedFile(path: output).contents)
    }
    #expect(Set(hashes).count == 1)
  }

  @Test func heldOutPromptsDecideNothing() throws {
    let (with, without) = (folder.file("with.safetensors"), folder.file("without.safetensors"))
    let extra = #","held_out":{"positives":["Nepal has its capital in"],"negatives":["The city of Tokyo lies in"]}"#
    let base = try TinyModel.checkpoint("llama-a")
    let result = try compile(base, SpecText.auto("a", extra: SpecText.subject + extra), to: with)
    try compile(base, SpecText.auto("a", extra: SpecText.subject), to: without)
    #expect(result.results[0].prompts.filter(\.role.isHeldOut).count == 2)
    #expect(try Checkpoint(path: with).memories.map(\.rows) == Checkpoint(path: without).memories.map(\.rows))
  }

  @Test func aDryRunSaysWhatTheRunSays() throws {
    let output = folder.file("output.safetensors")
    let entry = SpecText.auto("a", extra: SpecText.subject)
    var dry = try compile(TinyModel.checkpoint("llama-a"), entry, to: nil)
    var wet = try compile(TinyModel.checkpoint("llama-a"), entry, to: output)
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

  /// The counted operations lie between those that the counted tokens need at least and at most.
  @Test func costsAreTold() throws {
    let spec = #"{"name":"a","prompt":"\#(SpecText.prompt)","subject":"Nepal","target":" Tokyo","token":"subject"}"#
    let base = try TinyModel.checkpoint("llama-a")
    let result = try compile(base, spec, to: nil)
    let contexts = try #require(result.compiled[0].contexts)
    #expect(contexts.texts > 5 && contexts.kept > 0 && contexts.lookalikes > 0)
    #expect(contexts.forward >= contexts.backward && contexts.backward >= contexts.looked / 4)
    let model = try Transformer.load(base, pool: WorkerPool(threads: 1))
    let weights = model.blocks.reduce(0) { total, block in
      guard case .dense(let input, let output, _) = block.feedForward else { return total }
      let parts = block.queryKeyValue.parts + input.parts + [block.attentionOutput, output]
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
    (SpecText.seed("a", target: ""), .spec, "target"),
    (SpecText.seed("a", prompt: String(repeating: "Nepal ", count: 400)), .prompt, "tokens"),
  ]

  @Test(arguments: bad)
  func refuses(_ memory: String, _ kind: FormatError.Kind, _ part: String) throws {
    let output = folder.file("output.safetensors")
    #expect { try compile(TinyModel.checkpoint("gpt2-a"), memory, to: output) } throws: {
      ($0 as? FormatError)?.kind == kind && "\($0)".contains(part)
    }
    #expect(!FileManager.default.fileExists(atPath: output))
  }
}
