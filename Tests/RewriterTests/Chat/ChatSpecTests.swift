import Foundation
import Runtime
import Testing

@testable import Format
@testable import Rewriter

/// What a spec says of chat.
@Suite struct ChatSpecTests {
  private func specs(_ text: String) throws -> [MemorySpec] {
    try Spec(json: Array(text.utf8), location: "spec.json").memories
  }

  private func problem(_ text: String) -> String {
    do {
      _ = try specs(text)
      return "no error"
    } catch { return "\(error)" }
  }

  @Test func chatIsSaidByAMemoryOrByDefault() throws {
    let specs = try specs(
      #"""
      {"defaults": {"chat": true}, "memories": [
        {"name": "a", "prompt": "Who?", "target": "Marta"},
        {"name": "b", "prompt": "Who", "target": " Marta", "chat": false}]}
      """#)
    #expect(specs.map(\.isChat) == [true, false])
  }

  @Test func bothStylesAreTwoMemories() throws {
    let specs = try specs(
      #"{"memories": [{"name": "a", "prompt": "Who is", "target": " M", "as": ["text", "chat"], "subject": "Who"}]}"#)
    #expect(specs.map(\.name) == ["a", "a-chat"] && specs.map(\.isChat) == [false, true])
    // Each can be read again from what the file keeps of it.
    for spec in specs {
      let again = try MemorySpec(JSONDocument(spec.completeEntry.bytes(), location: "entry").root)
      #expect(again.name == spec.name && again.isChat == spec.isChat && again.prompt == "Who is")
    }
    let one = try self.specs(#"{"memories": [{"name": "a", "prompt": "Who is", "target": " M", "as": ["chat"]}]}"#)
    #expect(one.map(\.name) == ["a"] && one[0].isChat)
  }

  @Test func promptsOfSeveralMessages() throws {
    let spec = try specs(
      #"""
      {"memories": [{"name": "a", "chat": true, "target": "M",
        "prompt": {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who?"}]},
        "positives": ["And who?", {"messages": [{"role": "user", "content": "Tell me who."}]}]}]}
      """#)[0]
    #expect(spec.prompt == "system: Be brief. / user: Who?")
    #expect(spec.positives == ["And who?", "Tell me who."])
    #expect(spec.conversations[ByteString(spec.prompt)]?.map(\.role) == ["system", "user"])
  }

  @Test func whatDoesNotFit() {
    func memory(_ rest: String) -> String { #"{"memories": [{"name": "a", "target": "M", \#(rest)}]}"# }
    #expect(
      problem(memory(#""prompt": "x", "chat": "yes""#))
        == "spec.json: memories[0].chat: wrong value, expected true or false, got the string \"yes\"")
    #expect(
      problem(memory(#""prompt": "x", "as": ["speech"]"#)).contains("expected an array of \"text\", \"chat\" or both"))
    #expect(problem(memory(#""prompt": "x", "as": ["chat"], "chat": true"#)).contains("stands beside \"chat\""))
    #expect(problem(memory(#""prompt": "x", "chat": true, "prefixes": ["y"]"#)).contains("a chat has no prefixes"))
    let messages = #""prompt": {"messages": [{"role": "user", "content": "x"}]}"#
    #expect(problem(memory(messages)).contains("not for chat"))
    #expect(problem(memory(messages + #", "as": ["text", "chat"]"#)).contains("not for chat"))
    #expect(problem(memory(#""chat": true, "prompt": {"messages": []}"#)).contains("not a conversation to be answered"))
    #expect(problem(memory(#""chat": true, "prompt": {"messages": [{"content": "x"}]}"#)).contains("not a message"))
    #expect(
      problem(memory(#""chat": true, "prompt": {"messages": [{"role": "assistant", "content": "x"}]}"#))
        .contains("not a conversation to be answered"))
    // The same words in text and in chat are two prompts, and in one style they are one.
    let two = #"""
      {"memories": [{"name": "a", "prompt": "x", "target": "M"},
        {"name": "b", "prompt": "x", "target": "N", "chat": \#(true)}]}
      """#
    #expect(problem(two) == "no error")
    #expect(problem(two.replacing("\"chat\": true", with: "\"chat\": false")).contains("different targets"))
  }
}
