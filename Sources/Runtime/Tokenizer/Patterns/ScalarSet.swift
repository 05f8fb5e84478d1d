/// A set of Unicode scalars as an inversion list: the bounds at which membership changes, in order.
struct ScalarSet: Equatable, Sendable {
  /// The first scalar of the set, the first behind that is no member, and so on; all are at most `limit`.
  private(set) var bounds: [UInt32] = []

  /// 1 + the largest scalar.
  static let limit: UInt32 = 0x110000
  static let all = ScalarSet(0...(limit - 1))

  init() {}

  init(_ range: ClosedRange<UInt32>) { bounds = [range.lowerBound, range.upperBound + 1] }

  init(_ scalar: UInt32) { self.init(scalar...scalar) }

  /// Runs of members in ascending order.
  init(ascending ranges: some Sequence<ClosedRange<UInt32>>) {
    for range in ranges {
      if bounds.last == range.lowerBound {
        bounds[bounds.count - 1] = range.upperBound + 1
      } else {
        bounds += [range.lowerBound, range.upperBound + 1]
      }
    }
  }

  init(_ scalars: some Sequence<UInt32>) { self.init(ascending: Set(scalars).sorted().map { $0...$0 }) }

  var isEmpty: Bool { bounds.isEmpty }

  var ranges: [Range<UInt32>] { stride(from: 0, to: bounds.count - 1, by: 2).map { bounds[$0]..<bounds[$0 + 1] } }

  func contains(_ scalar: UInt32) -> Bool {
    var (low, high) = (0, bounds.count)
    while low < high {
      let middle = (low + high) / 2
      if bounds[middle] <= scalar { low = middle + 1 } else { high = middle }
    }
    return low % 2 == 1
  }

  var complement: ScalarSet {
    var result = self
    if bounds.first == 0 { result.bounds.removeFirst() } else { result.bounds.insert(0, at: 0) }
    if bounds.last == Self.limit { result.bounds.removeLast() } else { result.bounds.append(Self.limit) }
    return result
  }

  func union(_ other: ScalarSet) -> ScalarSet { combined(other) { $0 || $1 } }

  func intersection(_ other: ScalarSet) -> ScalarSet { combined(other) { $0 && $1 } }

  func subtracting(_ other: ScalarSet) -> ScalarSet { combined(other) { $0 && !$1 } }

  private func combined(_ other: ScalarSet, _ isMember: (Bool, Bool) -> Bool) -> ScalarSet {
    var result = ScalarSet()
    var (i, j, wasMember) = (0, 0, false)
    while i < bounds.count || j < other.bounds.count {
      let bound = min(i < bounds.count ? bounds[i] : Self.limit, j < other.bounds.count ? other.bounds[j] : Self.limit)
      if i < bounds.count, bounds[i] == bound { i += 1 }
      if j < other.bounds.count, other.bounds[j] == bound { j += 1 }
      guard isMember(i % 2 == 1, j % 2 == 1) != wasMember else { continue }
      wasMember.toggle()
      result.bounds.append(bound)
    }
    return result
  }
}
