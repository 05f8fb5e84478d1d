import Format

/// Where the cues of a set have been present in one sequence; positions count its tokens from 0.
///
/// It lives with the sequence's cache. A pass leaves alone what it holds of the tokens before the pass's first row.
package final class CuePresence {
  /// A token at which a cue is present, and how strongly, above 0.
  struct Mark: Equatable {
    var position: Int
    var strength: Float
  }

  /// The set whose cues these are.
  let set: MemorySet
  /// The place in `marks` of each cue that was ever present.
  private var places: [Int: Int] = [:]
  /// The cues that were ever present, as indices in the set, in the order of their places.
  private(set) var cues: [Int] = []
  /// Per place, by position: for `seen` the tokens at which the strength rose above all before, for `here` those looked
  /// at and present, in a cache those of the newest pass alone.
  private var marks: [[Mark]] = []

  /// Nothing seen.
  package init(of set: MemorySet) { self.set = set }

  package func copied() -> CuePresence {
    let copy = CuePresence(of: set)
    (copy.places, copy.cues, copy.marks) = (places, cues, marks)
    return copy
  }

  /// Forgets the cues of an address at the tokens from `position` on, those of mode `here` from `hereFrom` on.
  func forget(at address: SiteAddress, from position: Int, hereFrom: Int) {
    for (place, cue) in cues.enumerated() where set.cues[cue].address == address {
      let first = set.cues[cue].mode == .here ? hereFrom : position
      while let last = marks[place].last, last.position >= first { marks[place].removeLast() }
    }
  }

  /// Notes that a cue has a strength above 0 at a token behind all noted before.
  func note(_ cue: Int, _ mode: MemoryCue.Mode, at position: Int, strength: Float) {
    guard let place = places[cue] else {
      places[cue] = marks.count
      cues.append(cue)
      marks.append([Mark(position: position, strength: strength)])
      return
    }
    if mode == .seen, let last = marks[place].last, last.strength >= strength { return }
    marks[place].append(Mark(position: position, strength: strength))
  }

  /// The presence of a cue at a token, and the token that it comes from; nil where it is 0.
  func mark(_ cue: Int, _ mode: MemoryCue.Mode, at position: Int) -> Mark? {
    guard let place = places[cue] else { return nil }
    var index = marks[place].count - 1
    while index >= 0, marks[place][index].position > position { index -= 1 }
    guard index >= 0, mode == .seen || marks[place][index].position == position else { return nil }
    return marks[place][index]
  }

  func isPresent(_ cue: Int, _ mode: MemoryCue.Mode, at position: Int) -> Bool { mark(cue, mode, at: position) != nil }
}

extension CuePresence {
  /// Looks for all cues of a site at tokens whose activations there, before any memory, were recorded.
  ///
  /// A sequence that is run on from a later site is given the result. Tokens are to come in their order.
  ///
  /// - Parameters:
  ///   - activations: a matrix [R, D].
  ///   - rows: the tokens' rows in it.
  ///   - position: of the first of these tokens.
  package func watch(_ address: SiteAddress, _ activations: FloatMatrix, rows: Range<Int>, position: Int) {
    guard let block = set.cueBlocks[address.index] else { return }
    var buffers = CueBlock.Buffers()
    let x = activations.kernelRows(from: rows.lowerBound)
    forget(at: address, from: position, hereFrom: position)
    block.watchSeen(x, count: rows.count, buffers: &buffers, pool: nil) { token, cue, strength in
      note(cue, .seen, at: position + token, strength: strength)
    }
    block.watchHere(x, count: rows.count, position: position, presence: self, everywhere: true, buffers: &buffers)
  }

  /// The presence of a cue at a token, and the token that it comes from; nil where it is 0 or was not looked for.
  package func presence(of cue: MemoryCue, at position: Int) -> (position: Int, strength: Float)? {
    guard let index = set.index(of: cue) else { return nil }
    return mark(index, cue.mode, at: position).map { ($0.position, $0.strength) }
  }
}
