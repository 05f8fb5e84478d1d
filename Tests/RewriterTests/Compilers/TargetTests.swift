import Foundation
import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Targets of several tokens, also of those that end the text.
@Suite struct TargetTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Each token that the model would not write by itself has a row, at the position before it.
  @Test(arguments: TinyModel.all)
  func aTargetOfManyTokens(_ name: String) throws {
    let target = " Zanzibar!"
    let memory = SpecText.auto("a").replacingOccurrences(of: " Tokyo", with: target)
    let result = try compile(TinyModel.checkpoint(name), memory)
    let compiled = result.compiled[0]
    #expect(result.targetTexts[0].joined() == target && compiled.targetIDs.count > 3)
    let model = try TinyModel.load(name)
    let count = try model.encode(SpecText.prompt).count
    #expect(compiled.rows[0].position == count - 1)
    #expect(zip(compiled.rows, compiled.rows.dropFirst()).allSatisfy { $0.position < $1.position })
    for row in compiled.rows {
      #expect(row.targetID == compiled.targetIDs[row.position - (count - 1)])
      #expect(row.module == model.transformer.module(compiled.address))
      #expect(row.key.count == model.transformer.shape.width(of: compiled.address.site))
    }
    #expect(compiled.steps.count == compiled.rows.count)
    #expect(result.results[0].keyHolds == result.results[0].prompts[0].after.hasPrefix(target))
    // In the last layers of the other two, all tokens of the target have nearly the same activation, and rows overlap.
    if name == "gpt2-published" || name == "llama-b" { #expect(result.holds) }
    #expect(result.holds != TextReport(result).text.contains("warning: a does not give its target"))
  }

  /// A target may end the text, and the model then stops.
  @Test(arguments: ["gpt2-a", "llama-a"])
  func aTargetThatEndsTheText(_ name: String) throws {
    let output = folder.file("output.safetensors")
    let memory = SpecText.auto("a").replacingOccurrences(of: " Tokyo", with: " Tokyo<|endoftext|>")
    let result = try compile(TinyModel.checkpoint(name), memory, to: output)
    #expect(result.compiled[0].targetIDs.last == 0)
    #expect(result.holds)
    let model = try LanguageModel(path: output)
    let generation = model.generate(try model.encode(SpecText.prompt), maxTokens: 8)
    #expect(generation.finish == .stop && model.tokenizer.decode(generation.ids) == " Tokyo")
  }
}
