/// Characters that differ in case alone, by simple case folding.
enum CaseFolding {
  /// `set` with the other cases of its members; nil where a member is several characters in another case that are no
  /// members themselves.
  static func closure(of set: ScalarSet) -> ScalarSet? {
    if set.bounds.last ?? 0 <= 0x80 { return set.union(asciiClosure(of: set)) }
    let closed = set.union(
      ScalarSet(set.intersection(cased).ranges.flatMap { $0.flatMap { groups[folded($0)] ?? [] } }))
    let expansions = set.intersection(cased).ranges.joined().map(folded).filter { $0.count > 1 }
    return expansions.allSatisfy { $0.allSatisfy(closed.contains) } ? closed : nil
  }

  /// Of the letters of ASCII, only s and k have another case beyond.
  private static func asciiClosure(of set: ScalarSet) -> ScalarSet {
    var scalars: [UInt32] = []
    for upper in UInt32(0x41)...0x5A where set.contains(upper) || set.contains(upper + 32) {
      scalars += [upper, upper + 32]
      if upper == 0x53 { scalars.append(0x17F) }
      if upper == 0x4B { scalars.append(0x212A) }
    }
    return ScalarSet(scalars)
  }

  /// Whether two trees in a row may be two letters that one character folds to: ß, or a ligature of f or s.
  static func mayFold(_ first: PatternTree, _ second: PatternTree) -> Bool {
    guard case .set(let first) = first, case .set(let second) = second, first.ranges.count <= 3,
      second.ranges.count <= 3
    else { return false }
    func pair(_ a: Character, _ b: Character) -> Bool {
      first.contains(a.unicodeScalars.first!.value) && second.contains(b.unicodeScalars.first!.value)
    }
    return pair("s", "s") || pair("s", "t") || pair("f", "f") || pair("f", "i") || pair("f", "l")
  }

  /// The letters with a case.
  private static let cased = ScalarCategory.having(\.isCased)

  /// The scalars that are the same for all cases of a letter.
  private static func folded(_ scalar: UInt32) -> [UInt32] {
    // The dotless i is an i only in Turkic languages.
    if scalar == 0x131 { return [scalar] }
    let spelled = Unicode.Scalar(scalar)!.properties.lowercaseMapping.uppercased().lowercased()
    return spelled.unicodeScalars.map(\.value)
  }

  /// The letters by their folded spelling.
  private static let groups = Dictionary(grouping: cased.ranges.joined(), by: folded)
}
