import Format

/// The lines of a text file that are not blank.
public struct TextLines: Sendable {
  /// The lines with their numbers, counting all lines from 1. White space at the ends is kept: it matters in prompts.
  public let lines: [(number: Int, text: String)]

  /// - Parameter expected: the content of a line, for errors: "a prompt".
  /// - Throws: `FormatError` of kind `missing`, or `unreadable` where the file is not UTF-8 or is blank.
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
    guard !lines.isEmpty else { throw FormatError(.unreadable, path, "no text", expected: "\(expected) per line") }
  }
}
