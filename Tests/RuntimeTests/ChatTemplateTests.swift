import Foundation
import Testing

@testable import Format
@testable import Runtime

/// Conversations against those that transformers renders, by the fixtures of make_chat_fixtures.py.
@Suite struct ChatTemplateTests {
  private static let folder = "\(fixtureFolder)/chat"

  private static func tokenizer() throws -> Tokenizer {
    let path = "\(folder)/tokenizer.json"
    return try Tokenizer(json: [UInt8](Data(contentsOf: URL(fileURLWithPath: path))), location: path)
  }

  private static func template(_ config: JSONNode) throws -> ChatTemplate {
    try ChatTemplate(json: config.bytes(), tokenizer: tokenizer(), location: "tokenizer_config.json")
  }

  private static func config(_ value: JSONValue?) throws -> JSONNode {
    let value = try #require(value)
    func text(_ key: String) -> JSONNode { value[key]?.string.map(JSONNode.string) ?? .null }
    return [
      "bos_token": text("bos_token"), "eos_token": text("eos_token"), "chat_template": text("chat_template"),
    ]
  }

  @Test func textsAndIDsAreThoseOfTransformers() throws {
    let tokenizer = try Self.tokenizer()
    let cases = try JSONDocument(path: "\(Self.folder)/expected.json").root.elements
    #expect(cases.count == 40)
    for (i, item) in cases.enumerated() {
      let template = try Self.template(try Self.config(item["config"]))
      #expect(template.family.rawValue == item["family"]?.string, "case \(i)")
      let messages = try #require(item["messages"]).elements.map {
        ChatMessage(
          try #require(ChatMessage.Role(rawValue: $0["role"]?.string ?? "")), try #require($0["content"]?.string))
      }
      guard let text = item["text"]?.string else {
        #expect(throws: FormatError.self, "case \(i)") { try template.render(messages) }
        continue
      }
      let rendered = try template.render(messages)
      #expect(rendered == text, "case \(i)")
      #expect(
        tokenizer.encode(rendered, addSpecialTokens: false) == item["ids"]?.elements.compactMap(\.int), "case \(i)")
    }
  }

  @Test func endOfTurnEndsTheAnswer() throws {
    let tokenizer = try Self.tokenizer()
    for (mark, end) in [
      ("<|im_start|>", "<|im_end|>"), ("<|start_header_id|>", "<|eot_id|>"), ("[INST]", "</s>"),
      ("<start_of_turn>", "<end_of_turn>"),
    ] {
      #expect(try Self.template(["chat_template": .string(mark)]).endIDs.contains(try #require(tokenizer.id(of: end))))
    }
  }

  @Test func otherTemplatesAreErrors() throws {
    let unknown = #expect(throws: FormatError.self) {
      try Self.template(["chat_template": "{% for m in messages %}### Human: {{ m }}"])
    }
    #expect(
      unknown?.description == "tokenizer_config.json: chat_template: not supported, expected a template of ChatML, "
        + "Llama 3, Mistral, Gemma, got \"{% for m in messages %}### Human: {{ m }}\"")
    let none = #expect(throws: FormatError.self) { try Self.template([:]) }
    #expect(none?.description.contains("has no chat_template") == true)
    let list: JSONNode = ["chat_template": [["name": "default", "template": "<|im_start|>"]]]
    #expect(try Self.template(list).family == .chatML)
    let path = "\(ModelFixture.folder)/llama-a"
    let model = try LanguageModel(path: path)
    let json = JSONNode.object([("chat_template", "<|im_start|>")]).bytes()
    let absent = #expect(throws: FormatError.self) {
      try ChatTemplate(json: json, tokenizer: model.tokenizer, location: "x")
    }
    #expect(absent?.description.contains("its marks are not in the vocabulary") == true)
  }

  @Test func templatesThatAskForTheDateGetTheDays() throws {
    let source = "<|start_header_id|>Cutting Knowledge Date strftime_now"
    let text = try Self.template(["chat_template": .string(source)]).render(
      [ChatMessage(.user, "a")], today: Date(timeIntervalSince1970: 1_700_000_000))
    #expect(text.contains("Today Date: 14 Nov 2023\n\n"))
  }
}
