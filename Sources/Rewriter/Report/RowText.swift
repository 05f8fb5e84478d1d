import Format
import Runtime

extension MemoryRow {
  /// A row in one line of text.
  var summary: String {
    "row for token \(targetID) at position \(position): alpha \(short(alpha)), boundary \(short(boundary)), hardness "
      + "\(short(hardness)), |key| \(short(Float(keyNorm))), |delta| \(short(Float(deltaNorm)))"
  }

  /// The |1 − similarity| beyond which the row adds nothing.
  var reach: Float { Float(MemoryRegion.reach(boundary: boundary, hardness: hardness)) }

  /// The cues that the row asks for, in one line of text; nil where it acts by its own key alone.
  ///
  /// - Parameter told: those described before, which are only named.
  func asks(told: [MemoryCue]) -> String? {
    guard !cues.isEmpty else { return nil }
    let parts = cues.map { cue in
      let name = RegionReading.Role(cue.mode).rawValue
      guard !told.contains(cue) else { return name }
      return "\(name) at \(cue.module) (boundary \(short(cue.boundary)), hardness \(short(cue.hardness)))"
    }
    return "asks for \(parts.joined(separator: " and "))"
  }
}

extension [MemoryRow] {
  /// What each row asks for, a cue of several rows being described once.
  var asks: [String?] {
    indices.map { i in self[i].asks(told: self[..<i].flatMap(\.cues)) }
  }
}
