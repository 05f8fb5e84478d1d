import Format
import Rewriter

/// What a compile tells of its results, on standard output, as a web page and as a folder of figures.
struct ResultOutput {
  /// The file of the web page; nil makes none.
  var report: String?
  /// The folder of the figures; nil makes none.
  var figures: String?
  var isJSON: Bool
  private let base: String
  private let outputs: [String]
  private let isReplacing: Bool

  /// - Parameters:
  ///   - base: the base's path, which the page names.
  ///   - outputs: the files that are written before.
  init(_ arguments: ParsedArguments, base: String, outputs: RewriteOutputs) throws(UsageError) {
    report = try arguments.file("report")
    figures = try arguments.file("figures")
    isJSON = arguments.has("json")
    (self.base, self.outputs, isReplacing) = (base, outputs.files, outputs.isReplacing)
  }

  /// Whether figures have to be computed.
  var hasFigures: Bool { report != nil || figures != nil }

  /// The option that asks for a page or a folder; nil where none does.
  var option: String? { report != nil ? "report" : figures != nil ? "figures" : nil }

  private var folder: FolderOutput? {
    let objection: ([String]) -> String? = { names in
      names.first { !FigureFiles.mayBeFigure($0) }.map { "holds \"\($0.printable(limit: 60))\"" }
    }
    return figures.map { FolderOutput(at: $0, objection: isReplacing ? objection : nil) }
  }

  /// Finds out before the work whether page and folder will overwrite others, or cannot be written.
  func check(beside checkpoint: Checkpoint, statistics: String? = nil) throws(FormatError) {
    if let report {
      try checkpoint.checkOutputs(outputs + [report], replacing: isReplacing)
      if let statistics, areSameFile(report, statistics) {
        throw FormatError(.sameFile, report, "report and statistics are the same file")
      }
    }
    guard let figures else { return }
    try folder?.check()
    for file in outputs + [report, statistics].compactMap(\.self) {
      guard !areSameFile(figures, file), !areSameFile(figures, SplitPath(file).folder) else {
        throw FormatError(.sameFile, figures, "the figures have their folder to themselves", got: file)
      }
    }
  }

  /// Writes page and figures and prints the results, after the outputs were written.
  func tell(_ result: RewriteResult, _ update: SpecUpdate? = nil, on console: Console) throws {
    if let report {
      let page = HTMLReport(result, base: base, version: toolVersion).text
      try afterWriting(outputs) { try writeFile(Array(page.utf8), to: report) }
    }
    let pages = outputs + [report].compactMap(\.self)
    if let folder { try afterWriting(pages) { try folder.write(FigureFiles(result).files) } }
    try afterWriting(pages + [figures].compactMap(\.self)) {
      let node = result.json.adding(update.map { [("update", $0.json)] } ?? [])
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
