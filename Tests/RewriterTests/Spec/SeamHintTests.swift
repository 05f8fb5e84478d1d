import Testing

@testable import Format
@testable import Rewriter

/// Prompt and target that would read as one word.
@Suite struct SeamHintTests {
  private func hint(_ prompt: String, _ target: String, _ extra: String = "") throws -> String? {
    let entry = #"{"name":"a","prompt":"\#(prompt)","target":"\#(target)"\#(extra)}"#
    return try #require(try Spec(entries: entry).memories.first).seamHint
  }

  @Test(arguments: [
    ("It is located in", "Lisbon", "inLisbon"), ("It is in  ", "  Lisbon", "two spaces"), ("In", "2024", "In2024"),
    ("Město je", "Čáslav", "jeČáslav"), ("in", "Lisbon", "inLisbon"),
  ])
  func tells(_ prompt: String, _ target: String, _ words: String) throws {
    let hint = try #require(try hint(prompt, target))
    #expect(hint.hasPrefix("memory a: target: ") && hint.contains(words))
  }

  @Test(arguments: [
    ("It is located in", " Lisbon"), ("It is in ", "Lisbon"), ("Q: Where?\\nA:", "No."), ("首都は", "東京"),
    ("It is \\\"", "Lisbon"), ("It is in", ", say, Lisbon"),
  ])
  func isSilent(_ prompt: String, _ target: String) throws { #expect(try hint(prompt, target) == nil) }

  @Test func chatTargetsStandAlone() throws {
    #expect(try hint("Where is it?", "Lisbon", #","chat":true"#) == nil)
    #expect(try hint("Where is it", "Lisbon", #","chat":true"#) == nil)
  }
}
