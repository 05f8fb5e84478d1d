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
}
