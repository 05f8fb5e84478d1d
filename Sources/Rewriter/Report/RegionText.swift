import Format
import Runtime

extension RegionReadings {
  /// The similarities in one line: `seen 0.98, here 0.31 (outside), asked 1.05`.
  var summary: String {
    regions.map { region in
      "\(region.role.rawValue) \(hundredths(region.similarity))"
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
    let acts = !firings.isEmpty
    let changes = with.text != without.text
    let isWeak = regions.regions.contains { $0.depth != .full } && !with.isTarget
    switch role {
    case nil where acts && changes: return "if it should not act here, add this prompt to its negatives"
    case nil where acts: return nil
    case nil where isUnseen, .positive where isWeak && isUnseen, .heldOutPositive where isWeak && isUnseen:
      return
        "it acts only where its subject is named; if this prompt names it otherwise, add more that do to its positives"
    case nil: return "if it should act here, add this prompt to its positives"
    case .key where isWeak: return "its own prompt: leave out the negatives that are most like it"
    case .positive where isWeak: return "a positive that it could not take in: add more of its form"
    case .heldOutPositive where isWeak: return "to have it act here, move this prompt to its positives"
    case .negative where acts && changes: return "a negative that it could not leave out: add more of its form"
    case .heldOutNegative where acts && changes: return "to keep it from acting here, move this prompt to its negatives"
    default: return nil
    }
  }

  private var isUnseen: Bool { regions?.missed.contains { $0.role == .seen } ?? false }
}
