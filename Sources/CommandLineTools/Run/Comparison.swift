import Format

/// The base model's text and the patched model's, for reading side by side.
struct Comparison {
  var base: String
  var patched: String

  /// A column narrower than this is no easier to read than one text under the other.
  private static let narrowest = 36

  /// Two columns where a terminal of `columns` has room for them, else one text under the other; 0 is no terminal.
  func text(columns: Int) -> String {
    let gap = "  "
    let half = (columns - gap.count) / 2
    guard half >= Self.narrowest else { return "base:\n\(base)\n\npatched:\n\(patched)\n\n" }
    let left = ["base:"] + wrapped(base, columns: half)
    let right = ["patched:"] + wrapped(patched, columns: half)
    var result = ""
    for i in 0..<max(left.count, right.count) {
      let cell = i < left.count ? left[i] : ""
      result += i < right.count ? cell.padded(to: half) + gap + right[i] + "\n" : cell + "\n"
    }
    return result + "\n"
  }
}
