/// The treatment of the matches of a pattern that text is split by.
enum SplitBehavior: String, Sendable {
  case removed = "Removed"
  case isolated = "Isolated"
  case mergedWithPrevious = "MergedWithPrevious"
  case mergedWithNext = "MergedWithNext"
  case contiguous = "Contiguous"

  /// The parts of a text, none of them empty.
  func split(_ text: ArraySlice<UInt8>, by pattern: TextPattern, isInverted: Bool) -> [ArraySlice<UInt8>] {
    var result: [ArraySlice<UInt8>] = []
    var wasMatch = false
    // The start of a match that waits for the part behind it.
    var held: Int?
    // Empty matches count while parts are put together.
    var hasEmpty = false
    pattern.forEachPart(in: text) { part, isMatch in
      let isMatch = isMatch != isInverted
      hasEmpty = hasEmpty || part.isEmpty
      defer { wasMatch = isMatch }
      switch self {
      case .removed where isMatch: return
      case .mergedWithPrevious where isMatch && !wasMatch, .contiguous where isMatch == wasMatch:
        guard let last = result.popLast() else { break }
        return result.append(text[last.startIndex..<part.upperBound])
      case .mergedWithNext:
        if isMatch {
          if let held { result.append(text[held..<part.lowerBound]) }
          held = part.lowerBound
        } else {
          result.append(text[(held ?? part.lowerBound)..<part.upperBound])
          held = nil
        }
        return
      default: break
      }
      result.append(text[part])
    }
    if let held { result.append(text[held...]) }
    if hasEmpty { result.removeAll(where: \.isEmpty) }
    return result
  }
}
