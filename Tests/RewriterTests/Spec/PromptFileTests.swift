import TestSupport
import Testing

@testable import Format
@testable import Rewriter

/// Prompts of text files and of specs.
@Suite struct PromptFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func texts(_ name: String, _ text: String) throws -> [String] {
    try PromptFile(path: folder.write(text, to: name)).prompts.map(\.text)
  }

  private let spec = #"""
    { "memories": [
      {"name":"a","prompt":"p","target":"t","positives":["q","p"],"negatives":["n"],
       "held_out":{"positives":["hp"],"negatives":["hn"]}},
      {"name":"b","prompt":"r","target":"t","negatives":["n","m"]} ] }
    """#

  @Test func linesOfText() throws {
    #expect(try texts("f.txt", "\u{FEFF}one \r\n\r\n two\n \t\none \nthree") == ["one ", " two", "three"])
    let prompts = try PromptFile(path: folder.write("\n\none", to: "f.txt")).prompts
    #expect(prompts[0].location.hasSuffix("f.txt: line 3"))
    // A prompt may look like JSON.
    #expect(try texts("f", "{ x\n[1, 2\n") == ["{ x", "[1, 2"])
    #expect(try texts("f", #"{"a": 1}"#) == [#"{"a": 1}"#])
  }

  /// What is no text is told where it stands, and does not hide the others.
  @Test func linesThatAreNotText() throws {
    let path = try folder.write([0x61, 0xFF, 0x0A, 0x61, 0xFE, 0x0D, 0x0A, 0x62], to: "f.txt")
    let prompts = try PromptFile(path: path).prompts
    #expect(prompts.map(\.text) == ["a\u{FFFD}", "a\u{FFFD}", "b"])
    #expect(
      prompts.map { $0.problem?.description } == [
        "\(path): line 1: the prompt is not text, expected UTF-8",
        "\(path): line 2: the prompt is not text, expected UTF-8", nil,
      ])
    let error = #expect(throws: FormatError.self) { try TextLines(path: path, expected: "a passage").texts() }
    #expect(error?.description == "\(path): line 1: not text, expected UTF-8")
  }

  /// Only LF ends a line, so that numbers are those that editors show.
  @Test func whatEndsALine() throws {
    #expect(try texts("f", "a\u{2028}b\u{0B}\n\u{A0}\nc") == ["a\u{2028}b\u{0B}", "\u{A0}", "c"])
  }

  @Test(arguments: ["f.json", "f.JSON", "f", "f.txt"])
  func allPromptsOfASpecOnce(_ name: String) throws {
    #expect(try texts(name, spec) == ["p", "q", "n", "hp", "hn", "r", "m"])
    let location = try PromptFile(path: folder.write(spec, to: name)).prompts[2].location
    #expect(location.hasSuffix("\(name): memory a: prompt \"n\""))
  }

  @Test func linesOfMemories() throws {
    let lines = #"{"name":"a","prompt":"p","target":"t"}"# + "\n" + #"{"name":"b","prompt":"q","target":"t"}"#
    #expect(try texts("f.jsonl", lines) == ["p", "q"])
  }

  @Test(arguments: [("f.json", "one\ntwo"), ("f.txt", " \n"), ("f.txt", ""), ("f.json", #"{"memories":[]}"#)])
  func refusesOthers(_ name: String, _ text: String) {
    #expect(throws: FormatError.self) { try texts(name, text) }
  }
}
