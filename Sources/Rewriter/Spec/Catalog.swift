import Format

/// Reader of facts in a table: comma-, semicolon- or tab-separated values with a header.
///
/// Each row is a memory. Its columns are `prompt`, or `template` with `{}` where the `subject` goes; `target`; and where
/// wanted `subject`, `name`, and `positive` and `negative`, any number of each. Empty fields are as if they were not there.
struct Catalog {
  private enum Column: String, CaseIterable {
    case name, prompt, template, subject, target, positive, negative

    var isRepeatable: Bool { self == .positive || self == .negative }
  }

  private static let separators = [",", "\t", ";"].map { UInt8(ascii: $0) }

  private var text: DelimitedText
  private let location: String
  private let columns: [Column]

  /// Whether a text that is no JSON is meant as a table: one of the fields of its first line is `target`.
  static func matches(_ bytes: [UInt8], location: String) -> Bool {
    let name = location.lowercased()
    if let first = header(of: bytes).first(where: { $0 != 0x20 && $0 != 0x09 }), "{[".utf8.contains(first) {
      return false
    }
    return [".csv", ".tsv", ".tab"].contains(where: name.hasSuffix)
      || header(of: bytes).split(whereSeparator: separators.contains).contains {
        $0.filter { $0 != UInt8(ascii: "\"") }.elementsEqual("target".utf8)
      }
  }

  private static func header(of bytes: [UInt8]) -> ArraySlice<UInt8> {
    TextLine.all(in: TextLine.withoutMark(bytes[...]).prefix(4096)).first?.bytes ?? []
  }

  /// Reads the header; the separator is the one that it has most of.
  ///
  /// - Throws: `FormatError` of kind `spec` for an unknown, missing or repeated column.
  init(_ bytes: [UInt8], location: String) throws(FormatError) {
    self.location = location
    let header = Self.header(of: bytes)
    let counts = Self.separators.map { separator in header.count { $0 == separator } }
    let separator = Self.separators[counts.firstIndex(of: counts.max() ?? 0) ?? 0]
    text = DelimitedText(bytes[...], separator: separator, location: location)
    guard let first = try text.next() else {
      throw FormatError(.spec, location, "no header", expected: "the names of columns, prompt and target among them")
    }
    var columns: [Column] = []
    for (i, field) in first.fields.enumerated() {
      let place = "\(location): line \(first.line): column \(i + 1)"
      let name = field.lowercased().filter { $0 != " " }
      guard let column = Column(rawValue: name) ?? Column(rawValue: String(name.dropLast(name.hasSuffix("s") ? 1 : 0)))
      else {
        let known = Column.allCases.map(\.rawValue)
        let nearest = nearestName(to: name, among: known).map { "\($0)?" }
        throw FormatError(
          .spec, place, "unknown column", expected: nearest ?? alternatives(known), got: quoted(field))
      }
      guard column.isRepeatable || !columns.contains(column) else {
        throw FormatError(.spec, place, "a second column of this name", expected: "one", got: quoted(field))
      }
      columns.append(column)
    }
    self.columns = columns
    try requireColumns(line: first.line)
  }

  private func requireColumns(line: Int) throws(FormatError) {
    let isComplete =
      columns.contains(.target)
      && (columns.contains(.prompt) || columns.contains(.template) && columns.contains(.subject))
    guard !isComplete else { return }
    throw FormatError(
      .spec, "\(location): line \(line)", "the header lacks a column",
      expected: "target, and prompt, or template and subject", got: columns.map(\.rawValue).joined(separator: ", "))
  }

  /// The next fact as an entry of a spec, and its line; nil at the end.
  ///
  /// - Throws: `FormatError` of kind `spec` with line and column.
  mutating func next() throws(FormatError) -> (entry: JSONNode, line: Int)? {
    guard let record = try text.next() else { return nil }
    guard record.fields.count == columns.count else {
      throw FormatError(
        .spec, "\(location): line \(record.line)", "wrong number of fields", expected: "\(columns.count)",
        got: "\(record.fields.count)")
    }
    return (try entry(record), record.line)
  }

  private func entry(_ record: DelimitedText.Record) throws(FormatError) -> JSONNode {
    func values(_ column: Column) -> [String] {
      zip(columns, record.fields).compactMap { $0 == column && !$1.isEmpty ? $1 : nil }
    }
    func place(_ column: Column) -> String {
      let index = columns.firstIndex(of: column).map { "\($0 + 1) " } ?? ""
      return "\(location): line \(record.line): column \(index)(\(column.rawValue))"
    }
    guard let target = values(.target).first else {
      throw FormatError(.spec, place(.target), "empty", expected: "what should follow the prompt")
    }
    let subject = values(.subject).first
    let prompt: String
    if let given = values(.prompt).first {
      prompt = given
    } else if let template = values(.template).first {
      guard let subject, template.components(of: "{}") == 2 else {
        throw FormatError(
          .spec, place(.template), "not a template with a subject", expected: "{} once, and the column subject",
          got: quoted(template))
      }
      prompt = template.replacing("{}", with: subject)
    } else {
      throw FormatError(
        .spec, place(columns.contains(.prompt) ? .prompt : .template), "empty", expected: "the prompt")
    }
    var members: [(String, JSONNode)] = [
      ("name", .string(values(.name).first ?? Self.name(of: prompt))), ("prompt", .string(prompt)),
      ("target", .string(Seam(prompt, target).spacedTarget)),
    ]
    if let subject { members.append(("subject", .string(subject))) }
    for (column, key) in [(Column.positive, "positives"), (.negative, "negatives")] where !values(column).isEmpty {
      members.append((key, .array(values(column).map(JSONNode.string))))
    }
    return .object(members)
  }

  /// The name of a fact that is given none: its prompt, where it is too long for a name the beginning and a hash.
  private static func name(of prompt: String) -> String {
    let line = prompt.printable(limit: .max)
    guard line.utf8.count > 200 else { return line }
    var start = Substring(line)
    while start.utf8.count > 180 { start.removeLast() }
    return start + "… " + SHA256.hex(Array(prompt.utf8)).prefix(12)
  }
}

extension String {
  /// The number of parts between the places of `separator`.
  fileprivate func components(of separator: String) -> Int {
    split(separator: separator, omittingEmptySubsequences: false).count
  }
}
