/// The known name that `name` was probably meant to be: the first of the nearest; nil where none is near.
///
/// Names are near if fewer than half of their letters differ. Letter case is ignored.
package func nearestName(to name: String, among known: [String]) -> String? {
  // A text longer than any name is no misspelling, and comparing it would only cost time.
  guard name.utf8.count <= 64 else { return nil }
  var best: (name: String, distance: Int)?
  for candidate in known {
    let distance = editDistance(name.lowercased(), candidate.lowercased())
    let longer = max(name.unicodeScalars.count, candidate.unicodeScalars.count)
    if 2 * distance < longer, distance < best?.distance ?? .max { best = (candidate, distance) }
  }
  return best?.name
}

/// The number of insertions, deletions, substitutions and swaps of neighbors that turn `a` into `b`, no scalar
/// being touched twice (optimal string alignment).
///
/// - Complexity: O(*a* · *b*) in the lengths.
package func editDistance(_ a: String, _ b: String) -> Int {
  let a = Array(a.unicodeScalars)
  let b = Array(b.unicodeScalars)
  var beforePrevious: [Int] = []
  var previous = Array(0...b.count)
  for i in 0..<a.count {
    var row = [i + 1]
    for j in 0..<b.count {
      var cost = min(previous[j + 1] + 1, row[j] + 1, previous[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforePrevious[j - 1] + 1) }
      row.append(cost)
    }
    beforePrevious = previous
    previous = row
  }
  return previous[b.count]
}
