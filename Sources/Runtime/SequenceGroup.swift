import Foundation

/// Sequences that are run side by side: each step runs, as one batch, the tokens of all that have not been run yet.
///
/// They may join and leave between steps and apply different memories; each has the bits that it has alone.
package final class SequenceGroup {
  /// A sequence whose tokens have all been run, when its next one is chosen.
  package struct Turn {
    /// The number that the sequence joined with.
    package let key: Int
    /// The number of its tokens.
    package let count: Int
    /// Logits [R, V] behind the last tokens of several sequences, `row` being this one's; may be overwritten there.
    package let logits: FloatMatrix
    package let row: Int
    /// Where memories acted since the last turn, in the order of computing; positions count the sequence's tokens from 0.
    package let firings: [Firing]
    /// The sequence's share of the time that the batches since the last turn took, by rows.
    package let seconds: Double
  }

  private struct Member {
    let key: Int
    let cache: KVCache
    let memories: MemorySet
    /// The tokens that have not been run; at least one between steps.
    var waiting: [Int]
    var firings: [Firing] = []
    var seconds = 0.0
    var hasLeft = false
  }

  private let transformer: Transformer
  private let rowLimit: Int
  /// In the order of joining.
  private var members: [Member] = []
  /// A batch of one row per member, kept while they stay the same.
  private var steadyBatch: Batch?
  private var buffers: LogitBuffers
  /// The members whose tokens have all been run in this step.
  private var turning: [Int] = []
  /// Whether turns tell firings; each takes an allocation where its row asks for cues.
  var traces = true

  package var isEmpty: Bool { members.isEmpty }

  /// - Parameter rowLimit: tokens of a step at most; longer prompts take several steps, which keeps memory from growing
  ///   with the square of their length.
  package init(_ transformer: Transformer, rowLimit: Int) {
    self.transformer = transformer
    self.rowLimit = rowLimit
    buffers = LogitBuffers(rows: 1, transformer.shape)
  }

  /// Adds a sequence.
  ///
  /// - Parameters:
  ///   - tokens: at least one, all of the vocabulary.
  ///   - capacity: the number of tokens that room is made for.
  package func join(_ tokens: [Int], as key: Int, capacity: Int, memories: MemorySet) {
    precondition(!tokens.isEmpty, "a sequence of no tokens")
    members.append(
      Member(key: key, cache: transformer.makeCache(capacity: capacity), memories: memories, waiting: tokens))
    steadyBatch = nil
  }

  /// Runs the next tokens of all sequences, and gives each of those that have none left its turn, in the order of
  /// joining. Allocates nothing while the sequences stay the same.
  ///
  /// - Parameter next: the token to go on with; nil makes the sequence leave.
  package func step(_ next: (Turn) -> Int?) {
    guard !members.isEmpty else { return }
    let start = Date()
    let batch = nextBatch()
    let last = transformer.forwardLastRows(batch)
    settle(batch)
    if buffers.logits.rows < turning.count { buffers = LogitBuffers(rows: members.count, transformer.shape) }
    transformer.logits(last, rows: turning, into: buffers)
    let secondsPerRow = Date().timeIntervalSince(start) / Double(batch.rows)
    for (i, sequence) in batch.sequences.enumerated() {
      members[i].seconds += Double(sequence.rows.count) * secondsPerRow
    }
    if steadyBatch != nil { batch.advance() }
    takeTurns(next)
  }

  /// The next tokens of all members, or of the first where there are too many, embedded.
  private func nextBatch() -> Batch {
    let batch = steadyBatch ?? assembledBatch()
    var end = 0
    for sequence in batch.sequences { end = max(end, sequence.position + sequence.rows.count) }
    transformer.preparePositions(end)
    for (i, sequence) in batch.sequences.enumerated() {
      for (offset, row) in sequence.rows.enumerated() {
        transformer.embed(
          members[i].waiting[offset], position: sequence.position + offset, into: batch.residual.row(row))
      }
    }
    return batch
  }

  private func assembledBatch() -> Batch {
    let waiting = members.reduce(0) { $0 + $1.waiting.count }
    let batch = Batch([], shape: transformer.shape, capacity: min(waiting, rowLimit))
    batch.traces = traces
    for member in members where batch.rows < batch.residual.rows {
      let count = min(member.waiting.count, batch.residual.rows - batch.rows)
      batch.append(
        Batch.Sequence(
          rows: batch.rows..<(batch.rows + count), position: member.cache.count, cache: member.cache, appends: true,
          memories: member.memories))
    }
    if waiting == members.count, batch.rows == waiting { steadyBatch = batch }
    return batch
  }

  /// Takes note of what a batch has run, and of its firings.
  private func settle(_ batch: Batch) {
    for var firing in batch.firings {
      let row = firing.position
      firing.position = batch.position(ofRow: row)
      members[batch.sequenceOfRow[row]].firings.append(firing)
    }
    batch.firings.removeAll(keepingCapacity: true)
    turning.removeAll(keepingCapacity: true)
    for (i, sequence) in batch.sequences.enumerated() {
      if sequence.rows.count < members[i].waiting.count {
        members[i].waiting.removeFirst(sequence.rows.count)
      } else {
        members[i].waiting.removeAll(keepingCapacity: true)
        turning.append(i)
      }
    }
  }

  private func takeTurns(_ next: (Turn) -> Int?) {
    var anyLeft = false
    for (row, i) in turning.enumerated() {
      if let token = next(turn(ofMember: i, row: row)) {
        members[i].waiting.append(token)
      } else {
        members[i].hasLeft = true
        anyLeft = true
      }
      members[i].firings.removeAll(keepingCapacity: true)
      members[i].seconds = 0
    }
    guard anyLeft else { return }
    members.removeAll(where: \.hasLeft)
    steadyBatch = nil
  }

  private func turn(ofMember i: Int, row: Int) -> Turn {
    Turn(
      key: members[i].key, count: members[i].cache.count, logits: buffers.logits, row: row,
      firings: members[i].firings, seconds: members[i].seconds)
  }
}
