import Format

/// The lines of a text file that are not blank.
package struct TextLines: Sendable {
  /// At least one.
  package let lines: [TextLine]
  private let path: String

  /// - Parameter expected: the content of a line, for errors: "a prompt".
  /// - Throws: `FormatError` of kind `missing`, or `unreadable` where the file is blank.
  package init(path: String, expected: String) throws(FormatError) {
    self.path = path
    lines = TextLine.all(in: TextLine.withoutMark(try MappedFile(path: path).contents[...]))
    guard !lines.isEmpty else { throw FormatError(.unreadable, path, "no text", expected: "\(expected) per line") }
  }

  /// The texts of all lines.
  ///
  /// - Throws: `FormatError` of kind `unreadable` where a line is not UTF-8.
  package func texts() throws(FormatError) -> [String] {
    var texts: [String] = []
    for line in lines {
      guard let text = line.text else {
        throw FormatError(.unreadable, "\(path): line \(line.number)", "not text", expected: "UTF-8")
      }
      texts.append(text)
    }
    return texts
  }
}
