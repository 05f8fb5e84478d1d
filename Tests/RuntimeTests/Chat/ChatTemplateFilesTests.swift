import Foundation
import TestSupport
import Testing

@testable import Format
@testable import Runtime

/// Where a checkpoint's template comes from.
@Suite struct ChatTemplateFilesTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.file("model")
    try FileManager.default.copyItem(atPath: "\(ModelFixture.folder)/llama-a", toPath: path)
  }

  private func write(_ text: String, to name: String) throws { try folder.write(Array(text.utf8), to: "model/\(name)") }

  private func template(named name: String? = nil) throws -> ChatTemplate {
    let checkpoint = try Checkpoint(path: path)
    return try ChatTemplate(checkpoint, tokenizer: LanguageModel(path: path).tokenizer, named: name)
  }

  private func text(named name: String? = nil) throws -> String {
    try template(named: name).render([ChatMessage(.user, "Hi")])
  }

  private func problem(named name: String? = nil) -> String {
    do { return "no error: \(try text(named: name))" } catch { return "\(error)" }
  }

  /// As transformers' tokenizers take them: the file before the configuration; the processors' file last.
  @Test func precedence() throws {
    #expect(problem().contains("has no chat template"))
    try write(#"{"chat_template": "j"}"#, to: "chat_template.json")
    #expect(try text() == "j")
    try write(#"{"chat_template": "c", "bos_token": {"content": "<s>"}}"#, to: "tokenizer_config.json")
    #expect(try text() == "c")
    try write("f{{ bos_token }}{{ eos_token }}", to: "chat_template.jinja")
    #expect(try text() == "f<s>")
    // All of them travel inside a patched file.
    let output = folder.file("patched.safetensors")
    try Checkpoint(path: path).write(memories: [], to: output)
    let moved = try Checkpoint(path: output)
    #expect(moved.companion(.chatTemplate) == Array("f{{ bos_token }}{{ eos_token }}".utf8))
    #expect(moved.companion(.chatTemplateJSON) == Array(#"{"chat_template": "j"}"#.utf8))
  }

  @Test func namedTemplates() throws {
    let list = #"[{"name": "default", "template": "d"}, {"name": "rag", "template": "r"}]"#
    try write(#"{"chat_template": \#(list)}"#, to: "tokenizer_config.json")
    #expect(try text() == "d" && text(named: "rag") == "r")
    #expect(problem(named: "tool").contains("no chat template of this name, expected one of default, rag, got tool"))
    try write(#"{"chat_template": [{"name": "rag", "template": "r"}]}"#, to: "tokenizer_config.json")
    #expect(try text() == "r")
    for wrong in ["3", "[]", #"[{"name": "x"}]"#] {
      try write(#"{"chat_template": \#(wrong)}"#, to: "tokenizer_config.json")
      #expect(problem().contains("tokenizer_config.json: chat_template"), "\(wrong)")
    }
  }

  /// Names of tokens that the configuration leaves to its class.
  @Test func tokensOfTheClass() throws {
    let template = #""chat_template": "{{ bos_token }}|{{ eos_token }}|{{ pad_token }}""#
    for (config, expected) in [
      (#""tokenizer_class": "LlamaTokenizerFast""#, "<s>|</s>|"),
      (#""tokenizer_class": "LlamaTokenizer", "bos_token": null"#, "|</s>|"),
      (#""tokenizer_class": "Qwen2Tokenizer", "eos_token": "<|im_end|>""#, "|<|im_end|>|<|endoftext|>"),
      (#""tokenizer_class": "PreTrainedTokenizerFast""#, "||"),
    ] {
      try write("{\(template), \(config)}", to: "tokenizer_config.json")
      #expect(try text() == expected, "\(config)")
    }
  }

  /// A turn ends at the tokens of both configurations, of the tokenizer and of GGUF.
  @Test func endTokensOfAllFiles() throws {
    let tokenizer = try LanguageModel(path: path).tokenizer
    let spelled = (10...12).map { tokenizer.text(of: $0) }
    try write(#"{"eos_token_id": [3, 4]}"#, to: "generation_config.json")
    let config: JSONNode = [
      "chat_template": "x", "eos_token": .string(spelled[0]), "eot_token": .string(spelled[1]),
      "eom_token": .string(spelled[2]),
    ]
    try folder.write(config.bytes(), to: "model/tokenizer_config.json")
    let ids = try template().endIDs
    let expected = Set(spelled.compactMap(tokenizer.id(of:)) + [3, 4])
    #expect(ids.isSuperset(of: expected))
  }
}
