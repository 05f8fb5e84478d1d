import Format

/// The texts of the base model and of the patched model, to be read side by side.
struct Comparison {
  var base: String
  var patched: String

  /// The least width of a column; with less, one text stands under the other.
  private static let narrowest = 30
  private static let gap = 3

  /// Two columns where a terminal of `columns` has room for them, else one text under the other; 0 is no terminal.
  ///
  /// Differences are red and green; without colors, a bar stands between lines that differ.
  func text(columns: Int, paint: Paint = Paint(isOn: false)) -> String {
    let half = (columns - Self.gap) / 2
    guard half >= Self.narrowest else {
      func lines(_ text: String) -> String {
        columns > 0 ? wrapped(text, columns: columns).joined(separator: "\n") : text
      }
      let (old, new) = Self.painted(lines(base), lines(patched), paint)
      return "base:\n\(old)\n\npatched:\n\(new)\n\n"
    }
    let left = wrapped(base, columns: half)
    let right = wrapped(patched, columns: half)
    var result = "base:".padded(to: half + Self.gap) + "patched:\n"
    for i in 0..<max(left.count, right.count) {
      let (old, new) = (i < left.count ? left[i] : "", i < right.count ? right[i] : "")
      let (shownOld, shownNew) = Self.painted(old, new, paint)
      let bar = old == new || paint.isOn ? "   " : " | "
      let space = String(repeating: " ", count: max(0, half - old.columns))
      result += new.isEmpty && bar == "   " ? shownOld + "\n" : shownOld + space + bar + shownNew + "\n"
    }
    return result + "\n"
  }

  /// Both lines, colored from their first different character on.
  private static func painted(_ old: String, _ new: String, _ paint: Paint) -> (String, String) {
    let same = zip(old, new).prefix { $0 == $1 }.count
    func tail(_ text: String, _ color: Color) -> String {
      let rest = text.dropFirst(same)
      // Pagers lose a color that runs over the end of a line.
      let lines = rest.split(separator: "\n", omittingEmptySubsequences: false)
      return text.prefix(same) + lines.map { $0.isEmpty ? "" : paint(String($0), color) }.joined(separator: "\n")
    }
    return (tail(old, .red), tail(new, .green))
  }
}
