import Foundation
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// The subject's last token in a prompt.
@Suite struct SubjectSpanTests {
  @Test func theSubjectsLastToken() throws {
    let tokenizer = try TinyModel.load("llama-a").tokenizer
    for (text, subject) in [
      ("The city of Tokyo lies in", "Tokyo"), ("Tokyo", "Tokyo"), ("Tokyo, Tokyo and Nepal", "Tokyo"),
      ("Ünïcödé Tokyo's", "Tokyo"), ("a Tok", "Tok"),
    ] {
      let ids = tokenizer.encode(text)
      let token = try #require(tokenizer.lastToken(of: subject, in: text, ids: ids))
      // The tokens up to this one contain the whole subject, those before it do not.
      let upTo = tokenizer.decode(Array(ids[...token]))
      let before = tokenizer.decode(Array(ids[..<token]))
      let end = try #require(text.range(of: subject, options: .backwards)).upperBound
      let needed = String(text[..<end]).utf8.count
      #expect(upTo.utf8.count >= needed && before.utf8.count < needed, "\(text)")
    }
    #expect(tokenizer.lastToken(of: "Paris", in: "Tokyo", ids: tokenizer.encode("Tokyo")) == nil)
    #expect(tokenizer.lastToken(of: "", in: "Tokyo", ids: tokenizer.encode("Tokyo")) == nil)
  }

  /// Tokenizers that put tokens or a space before a text do not shift the subject's last token.
  @Test(arguments: ["llama2", "metaspace-first", "metaspace-always", "gemma", "llama3", "added"])
  func theSubjectsLastTokenBehindSpecialTokens(_ name: String) throws {
    let path = Repository.fixture("tokenizer/kinds/\(name).json")
    let tokenizer = try Tokenizer(json: MappedFile(path: path).contents, location: path)
    for (text, subject) in [
      ("The capital city of Nepal is located in", "Nepal"), ("Nepal is in", "Nepal"), ("x 東京", "東京"),
    ] {
      let ids = tokenizer.encode(text)
      guard let token = tokenizer.lastToken(of: subject, in: text, ids: ids) else {
        // A vocabulary that lacks the characters has no token that ends there.
        #expect(name == "metaspace-always" && subject == "東京")
        continue
      }
      func shown(_ ids: ArraySlice<Int>) -> String { tokenizer.decode(Array(ids), skipSpecialTokens: true) }
      #expect(shown(ids[...token]).contains(subject) && !shown(ids[..<token]).contains(subject), "\(text)")
    }
  }

  /// Special tokens that the text spells out, as a chat's marks, stand for their part of it.
  @Test(arguments: [
    ("llama3", "<|endoftext|>"), ("qwen2", "<|endoftext|>"), ("added", "<|begin|>"), ("phi3", "<|user|>"),
    ("llama2", "<s>"),
  ])
  func theSubjectsLastTokenBesideMarks(_ name: String, _ mark: String) throws {
    let path = Repository.fixture("tokenizer/kinds/\(name).json")
    let tokenizer = try Tokenizer(json: MappedFile(path: path).contents, location: path)
    let special = try #require(tokenizer.encode(mark, addSpecialTokens: false).first)
    for text in [
      "\(mark)Where is Nepal?\(mark)", "\(mark)Nepal\(mark)", "Nepal\(mark)", "\(mark)\(mark)Nepal is",
      "a\(mark)Nepal and\(mark)",
    ] {
      let ids = tokenizer.encode(text)
      // Before and behind marks some tokenizers lose or add a space; there is no telling then.
      guard tokenizer.decode(ids, isStart: true).hasSuffix(text) else { continue }
      let token = try #require(tokenizer.lastToken(of: "Nepal", in: text, ids: ids), "\(text)")
      #expect(ids[token] != special)
      func shown(_ ids: ArraySlice<Int>) -> String { tokenizer.decode(Array(ids), skipSpecialTokens: true) }
      #expect(shown(ids[...token]).hasSuffix("Nepal") && !shown(ids[..<token]).hasSuffix("Nepal"), "\(text)")
    }
  }
}
