import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// The report as text.
@Suite struct TextReportTests {
  /// The columns of the table are aligned in every script, and long prompts are cut.
  @Test func columnsAreAligned() throws {
    let long = "東京 The city of Tokyo lies in the country of Japan. Once upon a time, a river"
    let memory =
      #"{"name":"a","prompt":"Once upon a time","target":" Tokyo","method":"seed","site":"mlp","layer":1,"#
      + #""alpha":0.1,"boundary":0.3,"positives":["東京 is","e\u0301 "],"negatives":["\#(long)","ends in\n"]}"#
    let report = TextReport(try compile(TinyModel.checkpoint("gpt2-a"), memory)).text
    let rows = report.split(separator: "\n").filter { $0.contains("│") }
    #expect(rows.count == 5)
    let columns = rows.map { $0.split(separator: "│").prefix(3).map(\.columns) }
    #expect(columns.allSatisfy { $0 == columns[0] }, "\(report)")
    #expect(report.contains("Once u… │") && report.contains("ends in\\n "))
  }

  /// Prompts that share a beginning longer than the column are cut behind it, so that they can be told apart.
  @Test func longPromptsStayApart() {
    let passage = String(repeating: "Room 4 of the depot holds 7 crates of salt. ", count: 9)
    let texts = [passage + "It belongs to", passage + "Its colour is", "It belongs to", passage]
    let cells = DistinctTexts(texts, columns: 60).texts
    #expect(Set(cells).count == 4 && cells.allSatisfy { $0.columns <= 60 })
    #expect(cells[0].hasPrefix("Room 4 of the depot …") && cells[0].contains("It belongs to"))
    #expect(cells[1].contains("Its colour is") && cells[2] == texts[2])
    let alone = DistinctTexts([passage, "x"], columns: 60).texts[0]
    #expect(alone == passage.fitted(to: 60))
    // A difference that the column would show anyway.
    let early = DistinctTexts(["a" + passage, "b" + passage], columns: 60).texts
    #expect(early == ["a" + passage, "b" + passage].map { $0.fitted(to: 60) })
  }

  @Test func tellsWhereMemoriesActBeforeAPromptsEnd() throws {
    let entry = #"{"name":"a","prompt":"Q: Where does Nepal lie?\nA:","target":" Tokyo","subject":"Nepal"}"#
    var result = try compile(TinyModel.checkpoint("llama-a"), entry)
    #expect(result.results[0].prompts[0].regions != nil)
    let last = try #require(result.results[0].prompts[0].regions?.regions.last?.token)
    func row(_ positions: [Int]) -> String {
      result.results[0].prompts[0].firings = positions.map {
        Firing(
          memory: "a", address: SiteAddress(layer: 0, site: .mlp), position: $0, similarity: 1, strength: 1, cues: [])
      }
      return TextReport(result).text.split(separator: "\n").first { $0.contains("│") }.map(String.init) ?? ""
    }
    #expect(row([]).hasSuffix(", silent") && row([last - 1]).hasSuffix(", acts before its end"))
    #expect(
      [[last], [last - 1, last], [last + 1]].allSatisfy { !row($0).contains("acts") && !row($0).contains("silent") })
  }

  @Test func listsSomeCrossings() throws {
    var result = try compile(TinyModel.checkpoint("gpt2-a"), SpecText.seed("a"))
    func notes(_ count: Int) -> [Substring] {
      result.link.crossings = (0..<count).map { Link.Crossing(memory: "m\($0)", prompt: "the \"first\"") }
      return TextReport(result).text.split(separator: "\n").filter {
        $0.contains("of others") || $0.contains("also acts")
      }
    }
    #expect(notes(20).count == 20)
    #expect(notes(20)[3].hasPrefix("note: \"m3\" also acts on the prompt of \"the "))
    #expect(notes(25).count == 21 && notes(25)[20] == "note: 5 more act on prompts of others; --json lists them")
  }

  @Test func saysWhatWasNotTested() throws {
    let base = try TinyModel.checkpoint("gpt2-a")
    let alone = TextReport(try compile(base, SpecText.seed("a"))).text
    #expect(alone.contains(" of 1 positives hold\n") && alone.contains("note: the spec names no negatives"))
    #expect(!alone.contains("0 of 0"))
    let both = TextReport(try compile(base, SpecText.auto("a"))).text
    #expect(both.contains(" of 2 negatives hold\n") && !both.contains("names no negatives"))
  }
}
