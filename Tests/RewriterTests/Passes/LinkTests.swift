import Foundation
import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Memories beside each other in one file: crossings, and names and prompts that two of them share.
@Suite struct LinkTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A memory that acts on every prompt crosses every other memory, never itself.
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

  @Test func refusesAnotherTargetForAPromptOfTheFile() throws {
    let output = folder.file("output.safetensors")
    try compile(TinyModel.checkpoint("gpt2-a"), SpecText.seed("a"), to: output)
    let patched = try Checkpoint(path: output)
    #expect {
      try compile(patched, SpecText.seed("b", target: " Nepal"), to: folder.file("refused.safetensors"))
    } throws: {
      ($0 as? FormatError)?.kind == .spec && "\($0)".contains("memory a")
    }
  }

  /// Names, prompts and targets are compared by bytes.
  @Test func equivalentSpellingsAreTwo() throws {
    let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
    let (first, second) = (folder.file("first.safetensors"), folder.file("second.safetensors"))
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

  /// A key prompt that another memory answers with its own target is a conflict, whichever of the two is the older.
  @Test(arguments: [false, true])
  func twoAnswersAreAConflict(isKept: Bool) throws {
    let base = try TinyModel.checkpoint("gpt2-a")
    // It is too weak to be told, the other acts everywhere.
    let weak = SpecText.seed("weak", prompt: "Once upon a time", target: " Nepal")
      .replacingOccurrences(of: "\"alpha\":2", with: "\"alpha\":1e-6")
    let strong = SpecText.seed("strong").replacingOccurrences(of: "\"boundary\":0.3", with: "\"boundary\":1e4")
      .replacingOccurrences(of: "\"alpha\":2", with: "\"alpha\":\"auto\"")
    let result: RewriteResult
    if isKept {
      let first = folder.file("first.safetensors")
      try compile(base, weak, to: first)
      result = try compile(Checkpoint(path: first), strong)
    } else {
      result = try compile(base, weak + "," + strong)
    }
    let expected = Contradiction(memory: "weak", prompt: "Once upon a time", other: "strong", target: " Tokyo")
    #expect(result.contradictions == [expected])
    #expect(result.holds && result.isConsistent == !isKept, "a pinned memory is reported, not counted")
    let text = TextReport(result).text
    #expect(text.contains("conflict: \"weak\" and \"strong\" give one question two answers"))
    #expect(!text.contains("warning: weak"))
    let root = try JSONDocument(result.json.bytes(), location: "j").root
    #expect(root["contradictions"]?.elements.first?["answered_with_target_of"]?.string == "strong")
  }
}
