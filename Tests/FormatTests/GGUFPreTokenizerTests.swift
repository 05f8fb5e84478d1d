import Foundation
import Testing

@testable import Format

/// llama.cpp's names of pre-tokenizers against the tokenizers of make_tokenizer_kinds.py.
@Suite struct GGUFPreTokenizerTests {
  @Test(arguments: [
    ("llama-bpe", "llama3"), ("dbrx", "llama3"), ("qwen2", "qwen2"), ("qwen35", "qwen3.5"), ("gpt-4o", "o200k"),
    ("tekken", "tekken"), ("deepseek-v3", "deepseek"), ("gpt-2", "neox"),
  ])
  func patterns(_ name: String, _ kind: String) throws {
    let root = try JSONDocument(path: Fixtures.tokenizer(kind)).root
    let found = try #require(GGUFPreTokenizer(name, addPrefixSpace: false))
    let json = try JSONDocument(found.json.bytes(), location: name).root
    func patterns(_ value: JSONValue) -> [String] {
      guard let parts = value["pretokenizers"] else { return [value["type"]?.string ?? "?"] }
      return parts.elements.map { $0["pattern"]?["Regex"]?.string ?? $0["type"]?.string ?? "?" }
    }
    #expect(patterns(json) == patterns(try #require(root["pre_tokenizer"])))
    if name != "dbrx" { #expect(found.ignoresMerges == (root["model"]?["ignore_merges"]?.bool ?? false)) }
  }

  @Test func unknownNamesAreNone() {
    #expect(GGUFPreTokenizer("bloom", addPrefixSpace: false) == nil)
    #expect(GGUFPreTokenizer.names.allSatisfy { GGUFPreTokenizer($0, addPrefixSpace: false) != nil })
    #expect(Set(GGUFPreTokenizer.names).count == GGUFPreTokenizer.names.count)
  }
}
