import Format
import Runtime

extension RegionReadings {
  /// The similarities in one line: `seen 0.98, here 0.31 (outside), asked 1.05`.
  var summary: String {
    regions.map { region in
      "\(region.role.rawValue) \(short(region.similarity))"
        + (region.depth == .full ? "" : " (\(region.depth.rawValue))")
    }.joined(separator: ", ")
  }
}

extension RegionReading {
  /// Whether the prompt meets the region and how far it is from its boundary, in words.
  var sentence: String {
    let place = "token \(token) \"\(tokenText.printable())\""
    let value = "similarity \(short(similarity))"
    let bounds = "(boundary \(short(boundary)))"
    switch depth {
    case .full: return "meets \"\(role.rawValue)\" at \(place): \(value) \(bounds)"
    case .partly:
      return "meets \"\(role.rawValue)\" partly at \(place): \(value), strength \(short(strength)) \(bounds)"
    case .outside:
      let edge = similarity < 1 ? "from \(short(1 - boundary)) on" : "up to \(short(1 + boundary))"
      return "misses \"\(role.rawValue)\" at \(place): \(value), \(edge) it would be inside \(bounds)"
    }
  }
}

extension Explanation.Case {
  /// What the user can do where the memory of regions acts otherwise than wanted, or may do so; nil where all is well.
  var advice: String? {
    guard let regions else { return nil }
    let acts = regions.strength > 0
    let isWeak = regions.regions.contains { $0.depth != .full }
    switch role {
    case nil where acts: return "to keep it from acting here, add this prompt to its negatives"
    case nil: return "to have it act here, add this prompt to its positives"
    case .key where isWeak && !with.isTarget: return "its own prompt: leave out the negatives that are most like it"
    case .positive where isWeak && !with.isTarget: return "a positive that it could not take in: add more of its form"
    case .heldOutPositive where isWeak && !with.isTarget:
      return "to have it act here, move this prompt to its positives"
    case .negative where acts: return "a negative that it could not leave out: add more of its form"
    case .heldOutNegative where acts: return "to keep it from acting here, move this prompt to its negatives"
    default: return nil
    }
  }
}
