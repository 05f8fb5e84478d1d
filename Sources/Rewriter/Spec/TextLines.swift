import Format

/// The lines of a text file that have something on them.
public struct TextLines: Sendable {
  /// Numbers count all lines from 1. White space at the ends is kept: a prompt's last space matters.
  public let lines: [(number: Int, text: String)]

  /// - Parameter expected: what a line holds, for the error of a file without any.
  /// - Throws: `FormatError` of kind `missing` or `unreadable`: the file is not UTF-8 text or is blank.
  public init(path: String, expected: String) throws(FormatError) {
    guard let text = String(validating: try MappedFile(path: path).contents, as: UTF8.self) else {
      throw FormatError(.unreadable, path, "not text", expected: "UTF-8")
    }
    let withoutMark =
      text.unicodeScalars.first == "\u{FEFF}" ? text.unicodeScalars.dropFirst() : text.unicodeScalars[...]
    let all = String(withoutMark).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    lines = all.enumerated().compactMap { i, line in
      line.allSatisfy(\.isWhitespace) ? nil : (i + 1, String(line))
    }
    guard !lines.isEmpty else { throw FormatError(.unreadable, path, "no text", expected: "\(expected) a line") }
  }
}
