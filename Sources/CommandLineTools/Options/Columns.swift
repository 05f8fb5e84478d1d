/// Text laid out for a terminal, whose columns are not characters: ideographs and emoji take two.
extension String {
  /// The columns that the string takes.
  var columns: Int { reduce(0) { $0 + $1.columns } }

  /// The string with spaces behind it up to `columns`.
  func padded(to columns: Int) -> String {
    self + String(repeating: " ", count: max(0, columns - self.columns))
  }
}

extension Character {
  /// 2 for the wide blocks of UAX #11, else 1.
  fileprivate var columns: Int {
    switch unicodeScalars.first?.value ?? 0 {
    case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
      0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
      2
    default: 1
    }
  }
}

/// `text` in lines of at most `columns`, broken at spaces, and within a word where it alone is wider.
func wrapped(_ text: String, columns: Int) -> [String] {
  let columns = max(columns, 2)
  var lines: [String] = []
  for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
    var (line, used) = ("", 0)
    for word in paragraph.split(separator: " ", omittingEmptySubsequences: false) {
      let width = String(word).columns
      if !line.isEmpty {
        if used + 1 + width <= columns {
          line += " "
          used += 1
        } else {
          lines.append(line)
          (line, used) = ("", 0)
        }
      }
      for character in word {
        if used + character.columns > columns {
          lines.append(line)
          (line, used) = ("", 0)
        }
        line.append(character)
        used += character.columns
      }
    }
    lines.append(line)
  }
  return lines
}
