import Foundation
import Testing

@testable import Format

/// The chat templates of a GGUF file, and the tokens that end a turn.
@Suite struct GGUFChatTests {
  private func config(_ extra: (inout GGUFBytes) -> UInt64) throws -> String? {
    let temporary = TemporaryFile()
    try temporary.write(GGUFBytes.tinyLlama(extra: extra))
    return try GGUFFile(path: temporary.path).tokenizerConfigJSON().map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func aTemplateWithItsTokens() throws {
    let config = try config {
      $0.entry("tokenizer.chat_template", "{{ x }}")
      for (key, id): (String, UInt32) in [("bos", 0), ("eos", 1), ("eot", 2), ("eom", 99)] {
        $0.entry("tokenizer.ggml.\(key)_token_id", id)
      }
      return 5
    }
    #expect(config == #"{"bos_token":"a","eos_token":"b","eot_token":"ab","chat_template":"{{ x }}"}"#)
  }

  @Test func namedTemplates() throws {
    let config = try config {
      $0.entry("tokenizer.chat_template", "d")
      $0.entry("tokenizer.chat_templates", ["tool_use"])
      $0.entry("tokenizer.chat_template.tool_use", "t")
      return 3
    }
    #expect(
      config == #"{"chat_template":[{"name":"default","template":"d"},{"name":"tool_use","template":"t"}]}"#)
  }

  @Test func noneAndOneThatIsMissing() throws {
    #expect(try config { _ in 0 } == nil)
    #expect(throws: FormatError.self) {
      try config {
        $0.entry("tokenizer.chat_templates", ["tool_use"])
        return 1
      }
    }
  }
}
