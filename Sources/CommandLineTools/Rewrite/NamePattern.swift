/// A pattern of names: `*` stands for any characters, also none, `?` for one.
struct NamePattern {
  private let pattern: [Character]

  /// nil for a text without wildcards.
  init?(_ text: String) {
    guard text.contains(where: { $0 == "*" || $0 == "?" }) else { return nil }
    pattern = Array(text)
  }

  func matches(_ name: String) -> Bool {
    let name = Array(name)
    var (i, j) = (0, 0)
    // Where to go on if the rest does not match: behind the last star, one character further.
    var retry: (pattern: Int, name: Int)?
    while j < name.count {
      if i < pattern.count, pattern[i] == "*" {
        retry = (i + 1, j)
        i += 1
      } else if i < pattern.count, pattern[i] == "?" || pattern[i] == name[j] {
        (i, j) = (i + 1, j + 1)
      } else if let last = retry {
        retry = (last.pattern, last.name + 1)
        (i, j) = (last.pattern, last.name + 1)
      } else {
        return false
      }
    }
    return pattern[i...].allSatisfy { $0 == "*" }
  }
}
