import Foundation
import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Explanations of memories in files, against the compiler and the runtime.
@Suite struct ExplanationTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private let pool = WorkerPool(threads: 2)

  @Test(arguments: TinyModel.all)
  func agreesWithTheCompiler(_ name: String) throws {
    let output = folder.file("output.safetensors")
    let result = try compile(TinyModel.checkpoint(name), SpecText.auto("a"), to: output)
    let explanation = try Explanation(of: "a", in: Checkpoint(path: output), pool: pool)
    let expected = result.results[0].prompts
    #expect(explanation.cases.map(\.prompt) == expected.map(\.prompt))
    #expect(explanation.cases.map(\.role) == expected.map(\.role))
    #expect(explanation.cases.map(\.without.text) == expected.map(\.before))
    #expect(explanation.cases.map(\.with.text) == expected.map(\.after))
    #expect(explanation.cases.map(\.firings) == expected.map(\.firings))
    let memory = explanation.memory
    for (item, prompt) in zip(explanation.cases, expected) {
      #expect(abs((item.with.targetLogprob ?? 0) - prompt.targetAfter) < 1e-3)
      #expect(abs((item.without.targetLogprob ?? 0) - prompt.targetBefore) < 1e-3)
      let row = memory.rows[item.nearest.row]
      #expect(item.nearest.margin == row.boundary - abs(1 - item.nearest.similarity))
      // One memory alone sees the base model's activations: the nearest token acts, or none of the prompt does.
      let acting = item.firings.filter { $0.position < item.promptCount }
      #expect(acting.isEmpty == (item.nearest.strength == 0))
      if !acting.isEmpty { #expect(acting.contains { $0.position == item.nearest.token }) }
    }
    #expect(explanation.cases[0].nearest.strength > 0 && explanation.text.contains("acts on"))
    let (holding, all) = result.results[0].count(positive: true)
    #expect(explanation.text.contains("when it was compiled: \(holding) of \(all) positives, "))
    let root = try JSONDocument(explanation.json.bytes(), location: "j").root
    #expect(root["prompts"]?.elements.count == expected.count && root["rows"]?.elements.count == memory.rows.count)
  }

  @Test func otherPromptsAndOtherMemories() throws {
    let output = folder.file("output.safetensors")
    // Bounds that take in the key prompts alone: activations of tiny models are all alike.
    let both = (SpecText.seed("a") + "," + SpecText.seed("b", prompt: "Once upon a time"))
      .replacingOccurrences(of: "\"boundary\":0.3", with: "\"boundary\":1e-3")
    try compile(TinyModel.checkpoint("gpt2-a"), both, to: output)
    let file = try Checkpoint(path: output)
    let prompts = ["Once upon a time", SpecText.prompt].map { PromptFile.Prompt(text: $0, location: $0) }
    let explanation = try Explanation(of: "b", in: file, prompts: prompts, pool: pool)
    #expect(explanation.cases.map(\.role) == [nil, nil])
    let acting = explanation.cases.map { item in item.firings.filter { $0.position < item.promptCount }.count }
    #expect(acting[0] > 0 && acting[1] == 0 && explanation.cases[1].others == ["a"])
    #expect(explanation.cases[1].with.targetLogprob == explanation.cases[1].without.targetLogprob)

    #expect { try Explanation(of: "B", in: file, pool: pool) } throws: {
      "\($0)".contains("no such memory, expected b")
    }
    #expect { try Explanation(of: "nepal", in: file, pool: pool) } throws: { "\($0)".contains("expected a or b") }
    #expect { try Explanation(of: "a", in: try TinyModel.checkpoint("gpt2-a"), pool: pool) } throws: {
      "\($0)".contains("expected a file with memories, got a")
    }
    let long = PromptFile.Prompt(text: String(repeating: "word ", count: 500), location: "p.txt: line 2")
    #expect { try Explanation(of: "a", in: file, prompts: [long], pool: pool) } throws: {
      "\($0)".contains("p.txt: line 2")
    }
  }

  /// Files of other programs may have no manifest or entries that are no spec; sidecars have no base.
  @Test func tellsWhatThereIs() throws {
    let output = folder.file("output.safetensors")
    let base = try TinyModel.checkpoint("gpt2-a")
    try compile(base, SpecText.seed("a"), to: output)
    var memory = try Checkpoint(path: output).memories[0]
    (memory.entry, memory.scores) = (["name": 1], .array([]))
    let foreign = folder.file("foreign.safetensors")
    try base.write(memories: [memory], to: foreign)
    let explanation = try Explanation(of: "a", in: Checkpoint(path: foreign), pool: pool)
    #expect(explanation.cases.map(\.prompt) == [SpecText.prompt] && !explanation.text.contains("compiled:"))
    (memory.prompt, memory.target, memory.targetIDs) = ("", "", [])
    let bare = folder.file("bare.safetensors")
    try base.write(memories: [memory], to: bare)
    let prompt = PromptFile.Prompt(text: "Tokyo", location: "p")
    let rows = try Explanation(of: "a", in: Checkpoint(path: bare), prompts: [prompt], pool: pool)
    #expect(rows.cases[0].with.targetLogprob == nil && !rows.cases[0].with.isTarget)
    #expect(rows.text.contains("does not say what it was made for"))
    let sidecar = folder.file("sidecar.safetensors")
    try Checkpoint(path: output).writeSidecar(memories: Checkpoint(path: output).memories, to: sidecar)
    let alone = try Explanation(of: "a", in: Checkpoint(path: sidecar), pool: pool)
    #expect(alone.cases.isEmpty && alone.text.contains("a: \""))
    #expect { try Explanation(of: "a", in: Checkpoint(path: sidecar), prompts: [prompt], pool: pool) } throws: {
      ($0 as? FormatError)?.kind == .notACheckpoint
    }
  }
}
