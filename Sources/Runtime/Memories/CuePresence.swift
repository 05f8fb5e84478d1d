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
  /// Per cue of the set, by position: for `seen` the tokens at which the strength rose above all before, for `here`
  /// those looked at and present, in a cache those of the newest pass alone.
  private var marks: [[Mark]]

  /// Nothing seen.
  package init(of set: MemorySet) {
    self.set = set
    marks = [[Mark]](repeating: [], count: set.cues.count)
  }

  package func copied() -> CuePresence {
    let copy = CuePresence(of: set)
    copy.marks = marks
    return copy
  }

  /// Forgets a cue at the tokens from `position` on.
  func forget(_ cue: Int, from position: Int) {
    while let last = marks[cue].last, last.position >= position { marks[cue].removeLast() }
  }

  /// Notes that a cue has a strength above 0 at a token behind all noted before.
  func note(_ cue: Int, _ mode: MemoryCue.Mode, at position: Int, strength: Float) {
    if mode == .seen, let last = marks[cue].last, last.strength >= strength { return }
    marks[cue].append(Mark(position: position, strength: strength))
  }

  /// The presence of a cue at a token, and the token that it comes from; nil where it is 0.
  func mark(_ cue: Int, _ mode: MemoryCue.Mode, at position: Int) -> Mark? {
    var index = marks[cue].count - 1
    while index >= 0, marks[cue][index].position > position { index -= 1 }
    guard index >= 0, mode == .seen || marks[cue][index].position == position else { return nil }
    return marks[cue][index]
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
    var scratch: [Float] = []
    set.cueBlocks[address.index]?.watch(
      activations.kernelRows(from: rows.lowerBound), count: rows.count, position: position, presence: self,
      everywhere: true, scratch: &scratch, pool: nil)
  }

  /// The presence of a cue at a token, and the token that it comes from; nil where it is 0 or was not looked for.
  package func presence(of cue: MemoryCue, at position: Int) -> (position: Int, strength: Float)? {
    guard let index = set.cues.firstIndex(where: { $0.cue == cue }) else { return nil }
    return mark(index, cue.mode, at: position).map { ($0.position, $0.strength) }
  }
}
