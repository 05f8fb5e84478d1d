import Format
import Kernels

/// What memories do in a batch at one site.
extension Batch {
  /// Looks for the cues that are watched at a site, and adds the deltas of the rows that act there: all see the
  /// activations that no memory has changed.
  ///
  /// - Parameter indices: of the sequences.
  func applyMemories(at address: SiteAddress, to indices: Range<Int>, pool: WorkerPool) {
    var first = indices.lowerBound
    while first < indices.upperBound {
      let group = group(from: first, in: indices)
      watchCues(at: address, of: group, pool: pool)
      if let block = sequences[first].memories.blocks[address.index] { apply(block, to: group, pool: pool) }
      first = group.upperBound
    }
  }

  /// Looks for the cues that are watched at a site where the pass stops.
  func watchCues(at address: SiteAddress, pool: WorkerPool) {
    var first = 0
    while first < sequences.count {
      let group = group(from: first, in: sequences.indices)
      watchCues(at: address, of: group, pool: pool)
      first = group.upperBound
    }
  }

  /// The sequences from one on that have its memories: their rows are looked at together.
  private func group(from first: Int, in indices: Range<Int>) -> Range<Int> {
    var end = first + 1
    while end < indices.upperBound, sequences[end].memories === sequences[first].memories { end += 1 }
    return first..<end
  }

  /// The rows of some sequences.
  private func rows(of group: Range<Int>) -> Range<Int> {
    sequences[group.lowerBound].rows.lowerBound..<sequences[group.upperBound - 1].rows.upperBound
  }

  private func watchCues(at address: SiteAddress, of group: Range<Int>, pool: WorkerPool) {
    guard let cues = sequences[group.lowerBound].memories.cueBlocks[address.index] else { return }
    let rows = rows(of: group)
    for index in group {
      presence(ofSequence: index).forget(at: address, from: sequences[index].position, hereFrom: 0)
    }
    cues.watchSeen(
      site(address.site).kernelRows(from: rows.lowerBound), count: rows.count, buffers: &cueBuffers, pool: pool
    ) { token, cue, strength in
      let row = rows.lowerBound + token
      presence(ofSequence: sequenceOfRow[row]).note(cue, .seen, at: position(ofRow: row), strength: strength)
    }
    for index in group {
      let sequence = sequences[index]
      cues.watchHere(
        site(address.site).kernelRows(from: sequence.rows.lowerBound), count: sequence.rows.count,
        position: sequence.position, presence: presence(ofSequence: index), everywhere: false, buffers: &cueBuffers)
    }
  }

  private func apply(_ block: MemoryBlock, to group: Range<Int>, pool: WorkerPool) {
    let (rows, address) = (rows(of: group), block.address)
    // Rows that ask for cues see what the others have not changed yet.
    if let gated = block.gated {
      while gatedBuffers.count < group.count { gatedBuffers.append(GatedRows.Buffers()) }
      for (buffer, index) in group.enumerated() {
        let sequence = sequences[index]
        gated.search(
          site(address.site).kernelRows(from: sequence.rows.lowerBound), count: sequence.rows.count,
          position: sequence.position, presence: presence(ofSequence: index), into: &gatedBuffers[buffer])
      }
    }
    block.apply(
      site(address.site).kernelRows(from: rows.lowerBound), count: rows.count, buffers: &cueBuffers.search, pool: pool
    ) { row, region, similarity, strength in
      guard traces else { return }
      firings.append(
        Firing(
          memory: block.names[region], address: address, position: rows.lowerBound + row, similarity: similarity,
          strength: strength))
    }
    guard let gated = block.gated else { return }
    for (buffer, index) in group.enumerated() {
      let events = gatedBuffers[buffer].events
      gated.apply(events, to: site(address.site).kernelRows(from: sequences[index].rows.lowerBound))
      if traces { record(events, of: gated, at: address, ofSequence: index) }
    }
  }

  private func record(
    _ events: [GatedRows.Event], of gated: GatedRows, at address: SiteAddress, ofSequence index: Int
  ) {
    let (sequence, presence) = (sequences[index], presence(ofSequence: index))
    for event in events {
      firings.append(
        Firing(
          memory: gated.names[event.row], address: address, position: sequence.rows.lowerBound + event.activation,
          similarity: event.similarity, strength: event.strength,
          cues: gated.cues(of: event.row, at: sequence.position + event.activation, presence)))
    }
  }

  /// Requires of sequences that go on from a site that what their memories ask for at earlier sites was given.
  func requirePresence(of indices: Range<Int>, before address: SiteAddress) {
    for sequence in sequences[indices] where sequence.presence == nil {
      precondition(
        !sequence.memories.hasCues(before: address), "the presence of cues before a site that a sequence goes on from")
    }
  }
}
