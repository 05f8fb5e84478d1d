import Foundation
import Testing

@testable import Format
@testable import Runtime

enum ChatFixture {
  static let folder = "\(fixtureFolder)/chat"

  static func tokenizer() throws -> Tokenizer {
    let path = "\(folder)/tokenizer.json"
    return try Tokenizer(json: [UInt8](Data(contentsOf: URL(fileURLWithPath: path))), location: path)
  }

  static func template(_ source: String, tokens: [(String, String)] = []) throws -> ChatTemplate {
    try ChatTemplate(source: source, specialTokens: tokens, tokenizer: tokenizer(), location: "t.jinja")
  }

  /// The fixture's day.
  static func date() throws -> TemplateDate { try #require(TemplateDate(day: "2025-03-07")) }

  static func text(_ source: String) throws -> String {
    try template(source).render([ChatMessage(.user, "Hi")], date: date())
  }

  static func problem(_ source: String) throws -> String {
    do { return "no error: \(try text(source))" } catch let error as FormatError { return error.description }
  }
}

/// Conversations and pieces of templates against what transformers makes of them, by the fixtures of
/// make_chat_fixtures.py.
@Suite struct ChatTemplateTests {
  @Test func conversationsAreThoseOfTransformers() throws {
    let tokenizer = try ChatFixture.tokenizer()
    let cases = try JSONDocument(path: "\(ChatFixture.folder)/expected.json").root.elements
    #expect(cases.count == 110)
    for (i, item) in cases.enumerated() {
      let name = try #require(item["template"]?.string)
      let source = try String(contentsOfFile: "\(ChatFixture.folder)/templates/\(name).jinja", encoding: .utf8)
      let tokens = try #require(item["tokens"]).members.map { ($0.key.description, $0.value.string ?? "") }
      let template = try ChatFixture.template(source, tokens: tokens)
      let messages = try #require(item["messages"]).elements.map { try ChatMessage($0) }
      let variables = try #require(item["variables"]).members.map { ($0.key.description, JSONNode($0.value)) }
      func render() throws -> String {
        try template.render(
          messages, variables: variables, isContinued: item["continued"]?.bool == true, date: ChatFixture.date())
      }
      guard let text = item["text"]?.string else {
        #expect(throws: FormatError.self, "case \(i) of \(name)") { try render() }
        continue
      }
      let rendered = try render()
      #expect(rendered == text, "case \(i) of \(name)")
      let ids = item["ids"]?.elements.compactMap(\.int)
      #expect(tokenizer.encode(rendered, addSpecialTokens: false) == ids, "case \(i) of \(name)")
    }
  }

  /// What Jinja renders and this interpreter refuses.
  private static let refused: Set = ["{{ joiner() }}", "{{ '%s' % 'a' }}"]

  @Test func theLanguageIsJinjas() throws {
    let cases = try JSONDocument(path: "\(ChatFixture.folder)/language.json").root.elements
    #expect(cases.count > 380)
    for item in cases {
      let source = try #require(item["source"]?.string)
      guard let text = item["text"]?.string, !Self.refused.contains(source) else {
        #expect(throws: FormatError.self, "\(source)") { try ChatFixture.text(source) }
        continue
      }
      let rendered = Result { try ChatFixture.text(source) }
      switch rendered {
      case .success(let result): #expect(Array(result.utf8) == Array(text.utf8), "\(source)")
      case .failure(let error): Issue.record("\(source): \(error), expected \(text)")
      }
    }
  }

  @Test func errorsNameConstructAndPlace() throws {
    let cases = [
      ("a\n{{ 1 | shout }}", "t.jinja: line 2: the filter \"shout\" is not supported"),
      ("{{ 1 is loud }}", "t.jinja: line 1: the test \"loud\" is not supported"),
      ("\n\n{% include 'x' %}", "t.jinja: line 3: the tag \"include\" is not supported"),
      (
        "{% if true %}\n{{ [].append(1) }}{% endif %}",
        "t.jinja: line 2: \"append\" changes a list, which templates must not"
      ),
      (
        "{{ raise_exception('no tools') }}",
        "t.jinja: line 1: the chat template refuses the conversation, got \"no tools\""
      ),
      ("{{ a.b }}", "t.jinja: line 1: \"a\" is not defined, and has no attribute \"b\""),
      ("{{ 1 +", "t.jinja: line 1: a tag is not closed, expected }}"),
      ("{% for x in [] %}", "t.jinja: line 1: a block is not closed, expected {% endfor %}"),
    ]
    for (source, description) in cases { #expect(try ChatFixture.problem(source) == description) }
  }

  @Test func unknownConstructsInBranchesThatDoNotRunAreNoErrors() throws {
    #expect(try ChatFixture.text("{% if tools %}{{ tools | shout }}{% endif %}a") == "a")
  }

  @Test func theEndOfTurnIsFoundByAProbe() throws {
    let tokenizer = try ChatFixture.tokenizer()
    let source = try String(contentsOfFile: "\(ChatFixture.folder)/templates/headers.jinja", encoding: .utf8)
    #expect(try ChatFixture.template(source).endIDs == [try #require(tokenizer.id(of: "<|eot_id|>"))])
    let turns = try String(contentsOfFile: "\(ChatFixture.folder)/templates/turns.jinja", encoding: .utf8)
    let ids = try ChatFixture.template(turns, tokens: [("eos_token", "<eos>")]).endIDs
    #expect(ids == Set(["<eos>", "<end_of_turn>"].compactMap(tokenizer.id(of:))))
    #expect(try ChatFixture.template("{{ messages[0].content }}").endIDs == [])
  }

  @Test func thoughtsAreTakenApart() throws {
    let marks = try #require(try ChatFixture.template("{{ '</think>' }}").thinking)
    #expect(marks.split("<think>\na\n</think>\n\nb", behind: "x") == ("a", "b"))
    #expect(marks.split("a</think>b", behind: "x<think>\n") == ("a", "b"))
    #expect(marks.split("still", behind: "x<think>\n") == ("still", ""))
    #expect(marks.split("a <think>b", behind: "x") == (nil, "a <think>b"))
    #expect(try ChatFixture.template("{{ 1 }}").thinking == nil)
  }
}
