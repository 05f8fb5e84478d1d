import Format
import Kernels

/// What memories do in a batch at one site.
extension Batch {
  /// Looks for the cues that are watched at a site, and adds the deltas of the rows that act there: all see the
  /// activations that no memory has changed.
  ///
  /// - Parameter indices: of the sequences.
  func applyMemories(at address: SiteAddress, to indices: Range<Int>, pool: WorkerPool) {
    for index in indices {
      watchCues(at: address, ofSequence: index, pool: pool)
      guard let block = sequences[index].memories.blocks[address.index] else { continue }
      apply(block, toSequence: index, pool: pool)
    }
  }

  /// Looks for the cues that are watched at a site where the pass stops.
  func watchCues(at address: SiteAddress, pool: WorkerPool) {
    for index in sequences.indices { watchCues(at: address, ofSequence: index, pool: pool) }
  }

  private func watchCues(at address: SiteAddress, ofSequence index: Int, pool: WorkerPool) {
    let sequence = sequences[index]
    guard let cues = sequence.memories.cueBlocks[address.index] else { return }
    cues.watch(
      site(address.site).kernelRows(from: sequence.rows.lowerBound), count: sequence.rows.count,
      position: sequence.position, presence: presence(ofSequence: index), everywhere: false,
      scratch: &similarityScratch, pool: pool)
  }

  private func apply(_ block: MemoryBlock, toSequence index: Int, pool: WorkerPool) {
    let (rows, address) = (sequences[index].rows, block.address)
    let x = site(address.site).kernelRows(from: rows.lowerBound)
    if let gated = block.gated {
      gated.search(
        x, count: rows.count, position: sequences[index].position, presence: presence(ofSequence: index),
        into: &gatedBuffers)
    }
    block.apply(x, count: rows.count, scratch: &similarityScratch, pool: pool) { row, region, similarity, strength in
      guard traces else { return }
      firings.append(
        Firing(
          memory: block.names[region], address: address, position: rows.lowerBound + row, similarity: similarity,
          strength: strength))
    }
    if let gated = block.gated {
      gated.apply(gatedBuffers.events, to: x)
      if traces { record(gated, at: address, ofSequence: index) }
    }
  }

  private func record(_ gated: GatedRows, at address: SiteAddress, ofSequence index: Int) {
    let (sequence, presence) = (sequences[index], presence(ofSequence: index))
    for event in gatedBuffers.events {
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
