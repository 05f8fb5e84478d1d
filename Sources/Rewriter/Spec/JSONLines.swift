import Format

/// A text with one JSON value per line, not parsed yet. Lines end in LF or CRLF.
struct JSONLines {
  /// The lines that are not blank.
  let lines: [TextLine]

  init(_ bytes: [UInt8]) { lines = TextLine.all(in: bytes[...]) }

  /// Whether a text that is not one JSON value is meant as lines: there are several, each from a brace to a brace.
  ///
  /// Lines that are broken in between count too, so that their errors name the line.
  var looksSo: Bool {
    lines.count > 1
      && lines.allSatisfy { line in
        line.bytes.first { !$0.isSpace } == UInt8(ascii: "{")
          && line.bytes.last { !$0.isSpace } == UInt8(ascii: "}")
      }
  }
}

extension UInt8 {
  /// White space within a line of JSON.
  fileprivate var isSpace: Bool { self == 0x20 || self == 0x09 || self == 0x0D }
}
