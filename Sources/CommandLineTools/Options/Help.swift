import Format

extension CommandTable {
  private static let width = 80

  /// The text of `--help`, made from the table alone, at most 80 columns wide.
  public var helpText: String {
    var lines = forms.enumerated().map { ($0 == 0 ? "usage: " : "       ") + "\(name) \($1)" }
    lines += [""] + wrapped(summary, columns: Self.width) + [""]
    let operandRows = operands.map { ($0.name, $0.help) }
    let optionRows = allOptions.map { (Self.signature($0), $0.help) }
    let statusRows = statuses.map { ("\($0.status)", $0.meaning) }
    lines += Self.rows(operandRows) + [""] + Self.rows(optionRows) + ["", "exit status:"]
    lines += Self.rows(statusRows)
    return lines.joined(separator: "\n") + "\n"
  }

  /// An option as the left column shows it: `-o, --output FILE`, long names aligned.
  private static func signature(_ option: CommandOption) -> String {
    let letter = option.letter.map { "-\($0), " } ?? "    "
    return letter + "--\(option.name)" + (option.value.map { " \($0)" } ?? "")
  }

  /// Lines in two columns: the left one as wide as it needs to be, the right one wrapped.
  private static func rows(_ rows: [(left: String, right: String)]) -> [String] {
    let left = rows.map(\.left.columns).max() ?? 0
    return rows.flatMap { row in
      wrapped(row.right, columns: width - left - 4).enumerated().map { line, text in
        "  \((line == 0 ? row.left : "").padded(to: left))  \(text)"
      }
    }
  }
}
