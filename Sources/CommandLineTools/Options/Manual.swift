import Format

extension CommandTable {
  /// The manual page, in the man macros of roff, made from the table alone.
  public var manual: String {
    let summary = self.summary.hasSuffix(".") ? String(self.summary.dropLast()) : self.summary
    var lines = [
      #".TH \#(name.uppercased()) 1 "\#(toolDate)" "Local Memory \#(toolVersion)""#,
      ".SH NAME", "\(name) \\- \(Self.roff(summary.prefix(1).lowercased() + summary.dropFirst()))",
      ".SH SYNOPSIS", ".nf",
    ]
    lines += forms.map { "\\fB\(name)\\fR \(Self.roff($0))" } + [".fi", ".SH DESCRIPTION", Self.roff(self.summary)]
    for operand in operands { lines += Self.entry("\\fI\(Self.roff(operand.name))\\fR", operand.help) }
    lines.append(".SH OPTIONS")
    for option in allOptions {
      let names = option.spellings.map { "\\fB\(Self.roff($0))\\fR" }.joined(separator: ", ")
      lines += Self.entry(names + (option.value.map { " \\fI\(Self.roff($0))\\fR" } ?? ""), option.help)
    }
    lines.append(".SH EXIT STATUS")
    for (status, meaning) in statuses { lines += Self.entry("\(status)", meaning) }
    let others = ["memdiff", "rewrite", "run"].filter { $0 != name }
    lines += [".SH SEE ALSO", others.map { "\\fB\($0)\\fR(1)" }.joined(separator: ", ")]
    return lines.joined(separator: "\n") + "\n"
  }

  private static func entry(_ term: String, _ text: String) -> [String] { [".TP", term, roff(text)] }

  /// Text escaped for roff: dashes that can be copied, no request at the start of a line.
  private static func roff(_ text: String) -> String {
    var result = text.hasPrefix(".") || text.hasPrefix("'") ? "\\&" : ""
    for character in text {
      switch character {
      case "\\": result += "\\e"
      case "-": result += "\\-"
      default: result.append(character)
      }
    }
    return result
  }
}
