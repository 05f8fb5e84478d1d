/// A line of a text: the bytes up to LF, CRLF or the end.
package struct TextLine: Sendable {
  /// Counts all lines of the text from 1, blank ones too.
  package let number: Int
  /// Without the line break. White space at the ends is kept: it matters in prompts.
  package let bytes: ArraySlice<UInt8>
  /// Whether the line is longer than the bytes that were kept of it.
  package let isCut: Bool

  /// - Parameter bytes: up to LF, which is not among them; a CR at the end is dropped.
  package init(number: Int, bytes: ArraySlice<UInt8>, isCut: Bool = false) {
    self.number = number
    self.bytes = bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes
    self.isCut = isCut
  }

  /// Whether the line is empty or has only spaces, tabs and CR: readers skip such lines.
  package var isBlank: Bool { bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D } }

  /// The line's text; nil where it is not UTF-8.
  package var text: String? { String(validating: bytes, as: UTF8.self) }

  /// The line's text, with U+FFFD for what is not UTF-8.
  package var repairedText: String { String(decoding: bytes, as: UTF8.self) }

  /// The lines of a whole text that are not blank.
  package static func all(in bytes: ArraySlice<UInt8>) -> [TextLine] {
    bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated().compactMap { i, bytes in
      let line = TextLine(number: i + 1, bytes: bytes)
      return line.isBlank ? nil : line
    }
  }

  /// A text without the byte order mark that some programs begin files with.
  package static func withoutMark(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes
  }
}
