extension Array<String> {
  /// The first names, and how many more there are: "a, b, c and 9 more".
  package func listed(limit: Int = 3) -> String {
    let rest = count - limit
    return prefix(limit).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
  }
}
