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

  @Test func saysWhatWasNotTested() throws {
    let base = try TinyModel.checkpoint("gpt2-a")
    let alone = TextReport(try compile(base, SpecText.seed("a"))).text
    #expect(alone.contains(" of 1 positives hold\n") && alone.contains("note: the spec names no negatives"))
    #expect(!alone.contains("0 of 0"))
    let both = TextReport(try compile(base, SpecText.auto("a"))).text
    #expect(both.contains(" of 2 negatives hold\n") && !both.contains("names no negatives"))
  }
}
