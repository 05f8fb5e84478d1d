import Foundation
import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// The background: written by the model, or given.
@Suite struct BackgroundTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func backgroundDependsOnTheSeedAlone() throws {
    func texts(_ seed: UInt64, threads: Int) throws -> [[Int]] {
      let model = try TinyModel.load("llama-a", threads: threads)
      return Background(writtenBy: model, seed: seed, settings: CompilerSettings()).texts
    }
    let texts1 = try texts(1, threads: 1)
    #expect(try texts(1, threads: 2) == texts1)
    #expect(try texts(2, threads: 2) != texts1)
    #expect(
      texts1.count == CompilerSettings().backgroundTexts
        && texts1.allSatisfy { $0.count == CompilerSettings().backgroundLength })
    #expect(Set(texts1).count > CompilerSettings().backgroundTexts / 2)
  }

  /// An end token outside of the vocabulary is not taken to begin texts.
  @Test(arguments: ["999999", "-3", "[70000, 2]"])
  func anEndTokenOutOfRange(_ value: String) throws {
    let copy = try folder.copy(of: TinyModel.path("llama-a"))
    try Data("{\"eos_token_id\": \(value)}".utf8).write(to: URL(fileURLWithPath: copy + "/generation_config.json"))
    let model = try LanguageModel(path: copy)
    let texts = Background(writtenBy: model, seed: 0, settings: CompilerSettings()).texts
    #expect(texts.joined().allSatisfy { 0..<model.transformer.shape.vocabulary ~= $0 } && texts.count > 1)
  }

  @Test func aGivenBackgroundIsTakenInPart() throws {
    let tokenizer = try TinyModel.load("llama-a").tokenizer
    let passage = "The city of Tokyo lies in the country of Japan. "
    let long = String(repeating: passage, count: 20)
    let texts = Background(
      texts: ["", passage] + [String](repeating: long, count: 100), tokenizer: tokenizer, settings: CompilerSettings()
    ).texts
    #expect(texts[0] == tokenizer.encode(passage, addSpecialTokens: false))
    #expect(texts[1] == Array(tokenizer.encode(long, addSpecialTokens: false).prefix(64)))
    #expect(texts.reduce(0) { $0 + $1.count } == 2048)
  }

  @Test func backgroundTextsBeginAsPromptsDo() throws {
    let path = TinyModel.path("gemma3-sentencepiece")
    let model = try LanguageModel(Checkpoint(path: path), pool: WorkerPool(threads: 1))
    #expect(model.tokenizer.startIDs == [1])
    let written = Background(writtenBy: model, seed: 1, settings: CompilerSettings()).texts
    #expect(
      written.count == CompilerSettings().backgroundTexts
        && written.allSatisfy { $0.first == 1 && $0.count == 1 + CompilerSettings().backgroundLength })
    #expect(
      Background(texts: ["the city", ""], tokenizer: model.tokenizer, settings: CompilerSettings()).texts == [
        model.tokenizer.encode("the city")
      ])
  }
}
