import Format

/// Breaks `text` into lines of at most `columns`, at spaces, and within a word that is wider than a line.
func wrapped(_ text: String, columns: Int) -> [String] {
  let columns = max(columns, 2)
  var lines: [String] = []
  for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
    var (line, used) = ("", 0)
    for word in paragraph.split(separator: " ", omittingEmptySubsequences: false) {
      let width = word.columns
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
