import Runtime

/// A text as base runs recorded it, piece behind piece.
struct RecordedText {
  /// Rows of a run that are tokens of the text.
  struct Piece {
    var run: BaseRun
    var rows: Range<Int>
    /// The position of the first one in the text.
    var position: Int

    var end: Int { position + rows.count }
  }

  let ids: [Int]
  private(set) var pieces: [Piece] = []
  /// Keys and values of the text's tokens, others perhaps behind them; nil where they were not kept.
  let cache: KVCache?

  /// - Parameter pieces: in the order of their tokens, all of them.
  init(_ ids: [Int], pieces: [Piece], cache: KVCache?) {
    precondition(pieces.last?.end ?? 0 == ids.count)
    (self.ids, self.pieces, self.cache) = (ids, pieces, cache)
  }

  /// The text's first tokens.
  func prefix(_ count: Int) -> RecordedText {
    let own = pieces.filter { $0.position < count }.map { piece in
      var piece = piece
      piece.rows = piece.rows.prefix(count - piece.position)
      return piece
    }
    return RecordedText(Array(ids.prefix(count)), pieces: own, cache: cache)
  }

  /// The run and the row of it that a token is.
  func place(of token: Int) -> (run: BaseRun, row: Int) {
    let piece = pieces.first { token < $0.end }!
    return (piece.run, piece.rows.lowerBound + token - piece.position)
  }

  /// The activation [D] of a token at a site.
  func activation(_ address: SiteAddress, token: Int) -> UnsafeMutablePointer<Float> {
    let (run, row) = place(of: token)
    return run.activations(address).row(row)
  }

  /// What stands behind the last block [C] at a token; of a text that was run through all of them.
  func residual(token: Int) -> UnsafeMutablePointer<Float> {
    let (run, row) = place(of: token)
    return run.residual.row(row)
  }

  /// The tokens from one on, to be run on from a site.
  ///
  /// - Parameter cache: of the tokens before them.
  func resumption(
    at address: SiteAddress, from token: Int, cache: KVCache?, memories: MemorySet, presence: CuePresence? = nil
  ) -> Resumption {
    let rest = pieces.filter { token < $0.end }.map { piece in
      (run: piece.run, rows: piece.rows.dropFirst(max(0, token - piece.position)))
    }
    return Resumption(
      address: address, pieces: rest, position: token, cache: cache, memories: memories, presence: presence)
  }

  /// Where the cues of memories that are watched before a site are present; no memory acts before it.
  func presence(of memories: MemorySet, before address: SiteAddress) -> CuePresence {
    let presence = CuePresence(of: memories)
    for cue in memories.cueAddresses where cue < address {
      for piece in pieces {
        presence.watch(cue, piece.run.activations(cue), rows: piece.rows, position: piece.position)
      }
    }
    return presence
  }
}
