/// The memories of a spec by what they are about, which is what is compiled together and by one machine.
struct CompilePlan {
  struct Family {
    /// nil for a memory whose spec names none.
    var subject: String?
    /// Places in the spec, in its order.
    var members: [Int]
  }

  /// In the order of their first members.
  let families: [Family]
  private let names: NamesAlike

  init(_ specs: [MemorySpec]) {
    var families: [Family] = []
    var known: [String: Int] = [:]
    for (i, spec) in specs.enumerated() {
      if let subject = spec.subject, let family = known[subject] {
        families[family].members.append(i)
        continue
      }
      if let subject = spec.subject { known[subject] = families.count }
      families.append(Family(subject: spec.subject, members: [i]))
    }
    self.families = families
    names = NamesAlike(families.compactMap(\.subject))
  }

  /// Other subjects of the spec that look like a family's, sorted.
  func rivals(of family: Family) -> [String] { family.subject.map { names.like($0) } ?? [] }

  /// The families of a share: neighbors of the order, so that all shares have about as many memories.
  func families(of share: CompileShare?) -> [Family] {
    guard let share else { return families }
    let count = families.reduce(0) { $0 + $1.members.count }
    var before = 0
    return families.filter { family in
      defer { before += family.members.count }
      return before * share.count / count == share.number - 1
    }
  }
}

/// One of the shares that a compile is divided into.
public struct CompileShare: Sendable, Equatable {
  /// From 1 to `count`.
  public var number: Int
  public var count: Int

  public init(number: Int, count: Int) {
    precondition(count > 0 && 1...count ~= number)
    (self.number, self.count) = (number, count)
  }
}

/// Names that can be looked up by their first and last words.
struct NamesAlike {
  private var byFirst: [Substring: [String]] = [:]
  private var byLast: [Substring: [String]] = [:]
  /// Last words, sorted by their bytes, so that those with a beginning in common are neighbors.
  private let lasts: [Substring]

  init(_ names: [String]) {
    for name in names {
      let words = name.split(separator: " ")
      guard let first = words.first, let last = words.last else { continue }
      byFirst[first, default: []].append(name)
      byLast[last, default: []].append(name)
    }
    lasts = byLast.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The other names with the same first or last word, or the beginning of one as the last word of the other; sorted.
  func like(_ name: String) -> [String] {
    let words = name.split(separator: " ")
    guard let first = words.first, let last = words.last else { return [] }
    var found = Set(byFirst[first] ?? [])
    for end in last.indices { found.formUnion(byLast[last[...end]] ?? []) }
    var (low, high) = (0, lasts.count)
    while low < high {
      let middle = (low + high) / 2
      if lasts[middle].utf8.lexicographicallyPrecedes(last.utf8) { low = middle + 1 } else { high = middle }
    }
    while low < lasts.count, lasts[low].hasPrefix(last) {
      found.formUnion(byLast[lasts[low]] ?? [])
      low += 1
    }
    found.remove(name)
    return found.sorted()
  }
}
