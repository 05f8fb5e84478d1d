import Format
import Runtime

/// Recorded rows that go on from a site as one sequence of a new batch.
struct Resumption {
  /// Where the rows go on; they hold the site's activation before any memory.
  var address: SiteAddress
  /// Rows of base runs, in the order of their tokens.
  var pieces: [(run: BaseRun, rows: Range<Int>)]
  /// The first row's position in its text.
  var position: Int
  /// Keys and values of the tokens before the first row.
  var cache: KVCache?
  /// The memories that act from the site on.
  var memories: MemorySet
  /// Where the cues of `memories` are present; needed where some are watched before the address.
  var presence: CuePresence? = nil

  var count: Int { pieces.reduce(0) { $0 + $1.rows.count } }

  fileprivate func copy(into batch: Batch, from row: Int) {
    var row = row
    for (run, rows) in pieces where !rows.isEmpty {
      let layer = run.tape[address.layer]
      let (residual, activations) = (address.site == .attn ? layer.residual : layer.middle, layer.site(address.site))
      batch.residual.row(row).update(
        from: residual.row(rows.lowerBound), count: rows.count * batch.residual.width)
      batch.site(address.site).row(row).update(
        from: activations.row(rows.lowerBound), count: rows.count * activations.width)
      row += rows.count
    }
  }
}

extension Transformer {
  /// Runs recorded sequences on to the last block, as one batch that grows from site to site: a patch at one layer
  /// leaves everything below as it was recorded.
  ///
  /// - Parameters:
  ///   - resumptions: in the order of their addresses.
  ///   - tape: records the run; only where all addresses are the same.
  ///   - traces: whether the batch tells where memories act.
  ///   - patch: called with each one's index and first row [D] at its site, memories applied.
  /// - Returns: the batch, a sequence per resumption.
  func resume(
    _ resumptions: [Resumption], tape: Tape? = nil, traces: Bool = false,
    patch: (Int, UnsafeMutablePointer<Float>) -> Void = { _, _ in }
  ) -> Batch {
    let batch = Batch([], shape: shape, capacity: resumptions.reduce(0) { $0 + $1.count })
    batch.traces = traces
    func join(_ address: SiteAddress) -> Range<Int> {
      let first = batch.sequences.count
      for resumption in resumptions[first...] {
        guard resumption.address == address else { break }
        let rows = batch.rows..<(batch.rows + resumption.count)
        batch.append(
          .init(
            rows: rows, position: resumption.position, cache: resumption.cache, appends: false,
            memories: resumption.memories, presence: resumption.presence))
        resumption.copy(into: batch, from: rows.lowerBound)
      }
      return first..<batch.sequences.count
    }
    guard let start = resumptions.first?.address else { return batch }
    let first = join(start)
    forward(batch, from: start, tape: tape) { address in
      let joined = address == start ? first : join(address)
      if address != start { applyMemories(batch, address, to: joined) }
      for i in joined { patch(i, batch.site(address.site).row(batch.sequences[i].rows.lowerBound)) }
    }
    precondition(batch.sequences.count == resumptions.count, "resumptions out of the order of their addresses")
    return batch
  }
}
