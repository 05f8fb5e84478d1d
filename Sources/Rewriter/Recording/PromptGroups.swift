/// Prompts that follow each other, in groups to be run at once: as many as have `limit` rows together, or a longer one
/// alone.
func groups(ofRows counts: [Int], limit: Int) -> [Range<Int>] {
  var groups: [Range<Int>] = []
  var first = 0
  while first < counts.count {
    var (last, rows) = (first, 0)
    while last < counts.count, last == first || rows + counts[last] <= limit {
      rows += counts[last]
      last += 1
    }
    groups.append(first..<last)
    first = last
  }
  return groups
}
