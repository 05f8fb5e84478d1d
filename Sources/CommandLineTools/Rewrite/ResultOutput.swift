import Format
import Rewriter

/// What a compile tells of its results, on standard output and as a web page.
struct ResultOutput {
  /// The file of the web page; nil makes none.
  var report: String?
  var isJSON: Bool
  private let base: String
  private let outputs: [String]

  /// - Parameters:
  ///   - base: the base's path, which the page names.
  ///   - outputs: the files that are written before.
  init(_ arguments: ParsedArguments, base: String, outputs: [String]) throws(UsageError) {
    report = try arguments.file("report")
    isJSON = arguments.has("json")
    (self.base, self.outputs) = (base, outputs)
  }

  /// Finds out before the work whether the report will overwrite another file, or cannot be written.
  func check(beside checkpoint: Checkpoint, isReplacing: Bool, statistics: String? = nil) throws(FormatError) {
    guard let report else { return }
    try checkpoint.checkOutputs(outputs + [report], replacing: isReplacing)
    if let statistics, areSameFile(report, statistics) {
      throw FormatError(.sameFile, report, "report and statistics are the same file")
    }
  }

  /// Writes the report and prints the results, after the outputs were written.
  func tell(_ result: RewriteResult, _ update: SpecUpdate? = nil, on console: Console) throws {
    if let report {
      let page = HTMLReport(result, base: base, version: toolVersion).text
      try afterWriting(outputs) { try writeFile(Array(page.utf8), to: report) }
    }
    try afterWriting(outputs + [report].compactMap(\.self)) {
      var node = result.json
      if let update, case .object(let members) = node { node = .object(members + [("update", update.json)]) }
      let text = TextReport(result).text + (update.map { "update: \($0.summary)\n" } ?? "")
      try console.write(isJSON ? node.text() + "\n" : text)
    }
  }
}

extension RewriteResult {
  /// The exit status of a command that compiled or put together these memories.
  var status: Int32 { !isConsistent ? 4 : holds ? 0 : 3 }
}

extension ParsedArguments {
  private enum TableChoice: String, CaseIterable { case bf16, f32 }

  /// The dtype of the tables of new memories; nil where the option is not given.
  func table() throws(UsageError) -> Dtype? {
    try choice("table", of: TableChoice.self).map { $0 == .bf16 ? .bf16 : .f32 }
  }
}
