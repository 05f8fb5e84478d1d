import Format

/// The records of a text of comma- or tab-separated values, by RFC 4180, read one after the other.
///
/// Lines end in LF or CRLF. A field in quotes may hold separators, line breaks and, doubled, quotes; a quote elsewhere is a
/// character like others. Blank lines are skipped.
struct DelimitedText {
  struct Record {
    /// Where it begins, from 1.
    let line: Int
    let fields: [String]
  }

  private let location: String
  private let separator: UInt8
  private var rest: ArraySlice<UInt8>
  private var line = 1

  private static let quote = UInt8(ascii: "\"")
  private static let newline = UInt8(ascii: "\n")

  /// - Parameter location: the file's name, for errors.
  init(_ bytes: ArraySlice<UInt8>, separator: UInt8, location: String) {
    rest = TextLine.withoutMark(bytes)
    self.separator = separator
    self.location = location
  }

  /// The next record; nil at the end.
  ///
  /// - Throws: `FormatError` of kind `spec` for a quote that does not end, text behind one, or bytes that are not UTF-8.
  mutating func next() throws(FormatError) -> Record? {
    while !rest.isEmpty {
      let end = rest.firstIndex(of: Self.newline) ?? rest.endIndex
      guard TextLine(number: line, bytes: rest[..<end]).isBlank else { return try record() }
      rest = rest[end...].dropFirst()
      line += 1
    }
    return nil
  }

  private mutating func record() throws(FormatError) -> Record {
    let start = line
    var fields: [String] = []
    while true {
      let bytes = try rest.first == Self.quote ? quotedField(column: fields.count + 1) : plainField()
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw error("not text", at: fields.count + 1, expected: "UTF-8")
      }
      fields.append(text)
      guard rest.first == separator else { break }
      rest.removeFirst()
    }
    if rest.first == UInt8(ascii: "\r") { rest.removeFirst() }
    if rest.first == Self.newline {
      rest.removeFirst()
      line += 1
    }
    return Record(line: start, fields: fields)
  }

  private mutating func plainField() -> ArraySlice<UInt8> {
    let end = rest.firstIndex { $0 == separator || $0 == Self.newline } ?? rest.endIndex
    var field = rest[..<end]
    if end == rest.endIndex || rest[end] == Self.newline, field.last == UInt8(ascii: "\r") { field.removeLast() }
    rest = rest[end...]
    return field
  }

  private mutating func quotedField(column: Int) throws(FormatError) -> ArraySlice<UInt8> {
    let opening = line
    rest.removeFirst()
    var field: [UInt8] = []
    while true {
      guard let end = rest.firstIndex(of: Self.quote) else {
        line = opening
        throw error("a quote does not end", at: column, expected: "a second quote behind it")
      }
      field += rest[..<end]
      line += rest[..<end].count { $0 == Self.newline }
      rest = rest[(end + 1)...]
      guard rest.first == Self.quote else { break }
      field.append(Self.quote)
      rest.removeFirst()
    }
    let next = rest.starts(with: [UInt8(ascii: "\r"), Self.newline]) ? Self.newline : rest.first
    guard next == nil || next == separator || next == Self.newline else {
      throw error(
        "text behind a quoted field", at: column, expected: "a separator or the line's end; quotes inside are doubled")
    }
    return field[...]
  }

  private func error(_ problem: String, at column: Int, expected: String) -> FormatError {
    FormatError(.spec, "\(location): line \(line): column \(column)", problem, expected: expected)
  }
}
