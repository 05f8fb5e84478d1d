import Foundation
import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Prompts and targets that a model can take, and those that it cannot.
@Suite struct ProbeTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Prompts may be as long as the model has positions, 56 in gpt2-published, less one for the target.
  @Test func promptsUpToTheLastPosition() throws {
    func memory(_ words: Int) -> String {
      SpecText.seed("a", prompt: String(repeating: " the", count: words), target: " country")
    }
    let full = try compile(TinyModel.checkpoint("gpt2-published"), memory(55))
    #expect(full.compiled[0].rows[0].position == 54)
    let auto = SpecText.auto("a").replacingOccurrences(
      of: "Once upon a time", with: String(repeating: " the", count: 54))
    _ = try compile(TinyModel.checkpoint("gpt2-published"), auto.replacingOccurrences(of: " Tokyo", with: " country"))
    #expect { try compile(TinyModel.checkpoint("gpt2-published"), memory(56)) } throws: {
      ($0 as? FormatError)?.kind == .prompt
    }
    #expect { try compile(TinyModel.checkpoint("gpt2-published"), memory(57)) } throws: {
      ($0 as? FormatError)?.kind == .prompt
    }
  }

  /// A tokenizer may lack tokens for some bytes; errors name the memory whose text has no token.
  @Test func textWithoutTokens() throws {
    let output = folder.file("output.safetensors")
    let copy = try folder.copy(of: TinyModel.path("gpt2-a"))
    let tokenizer = "\(copy)/tokenizer.json"
    let text = try String(contentsOfFile: tokenizer, encoding: .utf8)
    let without = text.replacing(/"~": *\d+,/, with: "")
    #expect(without != text)
    try Data(without.utf8).write(to: URL(fileURLWithPath: tokenizer))
    let base = try Checkpoint(path: copy)
    let cases: [(String, FormatError.Kind, String)] = [
      (SpecText.seed("a", target: "~"), .spec, "adds no token"),
      (SpecText.seed("a", prompt: "~~"), .prompt, "empty"),
      (SpecText.auto("a").replacingOccurrences(of: "Once upon a time", with: "~"), .prompt, "empty"),
    ]
    for (memory, kind, part) in cases {
      #expect { try compile(base, memory, to: output) } throws: {
        ($0 as? FormatError)?.kind == kind && "\($0)".contains(part) && "\($0)".contains("memory a")
      }
    }
    #expect(!FileManager.default.fileExists(atPath: output))
  }
}
