/// Indices by a cue without which they need not be looked at.
struct CueLists {
  private var byCue: [Int: [Int]] = [:]
  /// The indices that wait for no cue.
  private var always: [Int] = []

  /// - Parameter cue: nil where the index is always to be looked at.
  mutating func append(_ index: Int, to cue: Int?) {
    if let cue { byCue[cue, default: []].append(index) } else { always.append(index) }
  }

  /// Leaves in `indices`, each once and ascending, those whose cues were ever present in a sequence.
  func collect(_ presence: CuePresence, into indices: inout [Int]) {
    indices.removeAll(keepingCapacity: true)
    indices += always
    for cue in presence.cues {
      if let list = byCue[cue] { indices += list }
    }
    indices.sort()
    var count = 0
    for place in 0..<indices.count where count == 0 || indices[count - 1] != indices[place] {
      indices[count] = indices[place]
      count += 1
    }
    indices.removeLast(indices.count - count)
  }
}
