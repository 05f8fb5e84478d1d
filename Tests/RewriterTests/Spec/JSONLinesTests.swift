import Format
import TestSupport
import Testing

@testable import Rewriter

private func line(_ name: String, _ prompt: String, _ extra: String = "") -> String {
  #"{"name": "\#(name)", "prompt": "\#(prompt)", "target": " t"\#(extra.isEmpty ? "" : ", " + extra)}"#
}

private func read(_ text: String, location: String = "dir/s.jsonl") throws(FormatError) -> Spec {
  try Spec(json: Array(text.utf8), location: location)
}

/// A text of JSON lines that breaks a rule, and the error's words.
struct BrokenLines: Sendable, CustomTestStringConvertible {
  var text: String
  var location: String
  var kind = FormatError.Kind.spec
  /// The parts that the error's line has.
  var parts: [String]

  var testDescription: String { text.printable(limit: 90) }

  static let all = [
    BrokenLines(text: "", location: "dir/s.jsonl", parts: ["no memories", "expected one JSON object per line"]),
    BrokenLines(text: "\n \t\r\n", location: "dir/s.jsonl", parts: ["no memories"]),
    BrokenLines(
      text: "\n\n\(line("a", "p"))\n\r\n\n\n\(line("b", "q", #""layer": -1"#))\n",
      location: "dir/s.jsonl: line 7: layer",
      parts: ["expected a whole number from 0", "got the number -1"]),
    BrokenLines(
      text: line("a", "p") + "\n" + #"{"name": "b", "prompt": "q"}"#, location: "dir/s.jsonl: line 2",
      parts: [#"expected the key "target""#]),
    BrokenLines(
      text: line("a", "p", #""lyer": 1"#), location: "dir/s.jsonl: line 1",
      parts: [#"unknown key "lyer", expected "layer""#]),
    BrokenLines(
      text: line("a", "p") + "\n[1]\n", location: "dir/s.jsonl: line 2",
      parts: ["not a memory", "expected an object", "got an array of 1"]),
    BrokenLines(
      text: line("a", "p") + "\r\n" + line("b", "q", #""held_out": {"negatives": ["q"]}"#),
      location: "dir/s.jsonl: line 2: held_out.negatives", parts: [#""q" is in prompt too"#]),
    BrokenLines(
      text: line("a", "p", #""subject": "x""#), location: "dir/s.jsonl: line 1: subject", parts: ["not in the prompt"]),
    BrokenLines(
      text: line("a", "p", #""token": "subject""#), location: "dir/s.jsonl: line 1: token", parts: ["no subject"]),
    BrokenLines(
      text: "\n" + line("a", "p") + "\n" + line("a", "q"), location: "dir/s.jsonl: line 3: name",
      parts: ["taken by line 2", #"got "a""#]),
    BrokenLines(
      text: line("a", "p") + "\n" + #"{"name": "b", "prompt": "p", "target": " u"}"#,
      location: "dir/s.jsonl: line 2: target", parts: [#""a" and "b""#, #"expected " t", got " u""#]),
    BrokenLines(
      text: line("a", "p") + "\n" + #"{"name": "b", }"#, location: "dir/s.jsonl: line 2", kind: .json,
      parts: ["not valid JSON", "at byte 14"]),
    BrokenLines(
      text: line("a", "p") + " " + line("b", "q"), location: "dir/s.jsonl: line 1", kind: .json,
      parts: ["something follows"]),
    // Pretty-printed JSON is not lines, whatever the file is called.
    BrokenLines(
      text: "{\n\"memories\": []}", location: "dir/s.jsonl: line 1", kind: .json, parts: ["not valid JSON"]),
  ]
}

/// Specs with one memory per line.
@Suite struct JSONLinesTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: BrokenLines.all) func theErrorNamesTheLine(_ broken: BrokenLines) {
    let error = #expect(throws: FormatError.self) { try read(broken.text) }
    guard let error else { return }
    #expect(error.kind == broken.kind)
    #expect(error.location == broken.location)
    for part in broken.parts {
      #expect(error.description.contains(part), "\(error.description) lacks \(part)")
    }
  }

  @Test(arguments: ["\n", "\r\n", "\n\n \n", "\r\n\t\r\n"])
  func eachLineIsAMemory(_ separator: String) throws {
    let texts = [line("b", "x", #""layer": 3"#), "  " + line("a", "y") + "\t", line("c", "x")]
    for text in [texts.joined(separator: separator), separator + texts.joined(separator: separator) + separator] {
      for location in ["s.jsonl", "s.JSONL", "s.json", "notes"] {
        let spec = try read(text, location: location)
        #expect(spec.memories.map(\.name) == ["b", "a", "c"])
        #expect(spec.memories[0].layer == .given(3))
        #expect(spec.memories[1].entry.text() == #"{"name":"a","prompt":"y","target":" t"}"#)
      }
    }
  }

  @Test func oneLineIsLinesByItsNameOnly() throws {
    #expect(try read(line("a", "p")).memories.map(\.name) == ["a"])
    #expect(try read(line("a", "p") + "\n").memories.count == 1)
    let error = #expect(throws: FormatError.self) { try read(line("a", "p"), location: "s.json") }
    #expect(error?.description.hasPrefix(#"s.json: unknown key "name""#) == true)
  }

  @Test func linesWithoutTheNameStillTellTheLine() {
    let text = line("a", "p") + "\n\n" + #"{"name": "b" "prompt": "q"}"#
    let error = #expect(throws: FormatError.self) { try read(text, location: "s.json") }
    #expect(error?.kind == .json)
    #expect(error?.location == "s.json: line 3")
  }

  @Test(arguments: [
    #"{"memories": [}"#, "{\"memories\": [\n{\"name\": 1},\n]}", "{}\n[]", "{} {}", "{\n}\n{\n}",
  ])
  func brokenJSONOfAnotherFormIsToldAsAWhole(_ text: String) {
    let error = #expect(throws: FormatError.self) { try read(text, location: "s.json") }
    #expect(error?.kind == .json)
    #expect(error?.location == "s.json")
  }

  @Test func aSpecOverSeveralLinesIsNoJSONLines() throws {
    let spec = try read("{\"memories\": [\n\(line("a", "p")),\n\(line("b", "q"))\n]}\n", location: "s.json")
    #expect(spec.memories.count == 2)
  }

  @Test func aFileIsReadByItsPath() throws {
    let path = try folder.write(line("a", "p") + "\r\n", to: "lines.jsonl")
    #expect(try Spec(path: path).memories.map(\.name) == ["a"])
  }
}
