import Format
import Runtime

/// Sequences run once through the base model and recorded: the one place where activations are read and from which a
/// run is resumed at a site.
final class BaseRun {
  /// One sequence of the run.
  struct Sequence {
    var ids: [Int]
    /// Tokens in `cache` before the first of `ids`.
    var position: Int
    /// Its rows in the tape.
    var rows: Range<Int>
    /// Keys and values of the earlier tokens and, where the run fills it, of `ids`.
    var cache: KVCache?
  }

  let sequences: [Sequence]
  let transformer: Transformer
  let tape: Tape
  /// [R, C] behind the last block; of a run that went through all of them.
  let residual: FloatMatrix
  /// What a backward pass goes through; its other matrices are as large as a record.
  private let batch: Batch?

  /// Tokens that were run.
  var count: Int { residual.rows }

  /// Runs whole texts.
  ///
  /// - Parameters:
  ///   - isResumable: whether keys and values are kept, which later rows attend to.
  ///   - memories: rows made already, which act in this run; nil for none.
  ///   - tape: records what will be read.
  ///   - end: the last site needed; nil runs all blocks.
  convenience init(
    _ texts: [[Int]], isResumable: Bool = false, memories: MemorySet? = nil, recordedBy tape: Tape,
    to end: SiteAddress? = nil, transformer: Transformer
  ) {
    let starts = texts.map { ids in
      (ids: ids, position: 0, cache: isResumable ? transformer.makeCache(capacity: ids.count) : nil)
    }
    self.init(
      starts, fillsCaches: isResumable, memories: memories, recordedBy: tape, to: end, transformer: transformer)
  }

  /// Runs the rests of texts whose beginnings stand in caches, which stay as they are.
  ///
  /// - Parameters:
  ///   - rests: with the number of tokens of the cache that each stands behind.
  ///   - end: the last site needed; nil runs all blocks.
  convenience init(
    _ rests: [(ids: [Int], position: Int, cache: KVCache?)], recordedBy tape: Tape, to end: SiteAddress? = nil,
    transformer: Transformer
  ) {
    self.init(
      rests, fillsCaches: false, memories: nil, recordedBy: tape, to: end, transformer: transformer)
  }

  /// Runs the rests of texts whose beginnings stand in caches, and appends them to these.
  convenience init(appending rests: [(ids: [Int], cache: KVCache)], recordedBy tape: Tape, transformer: Transformer) {
    self.init(
      rests.map { (ids: $0.ids, position: $0.cache.count, cache: $0.cache) }, fillsCaches: true, memories: nil,
      recordedBy: tape, to: nil, transformer: transformer)
  }

  private init(
    _ starts: [(ids: [Int], position: Int, cache: KVCache?)], fillsCaches: Bool, memories: MemorySet?,
    recordedBy tape: Tape, to end: SiteAddress?, transformer: Transformer
  ) {
    self.transformer = transformer
    self.tape = tape
    var row = 0
    sequences = starts.map { start in
      defer { row += start.ids.count }
      return Sequence(
        ids: start.ids, position: start.position, rows: row..<(row + start.ids.count), cache: start.cache)
    }
    let memories = memories ?? .none(of: transformer)
    let batch = Batch(
      sequences.map {
        .init(rows: $0.rows, position: $0.position, cache: $0.cache, appends: fillsCaches, memories: memories)
      }, shape: transformer.shape)
    transformer.embed(sequences.map(\.ids), batch)
    transformer.forward(batch, to: end, tape: tape)
    residual = batch.residual
    self.batch = tape.isForBackward ? batch : nil
  }

  /// Runs texts for their activations at one site.
  convenience init(_ texts: [[Int]], to address: SiteAddress, transformer: Transformer) {
    self.init(
      texts, recordedBy: Tape(forBackward: false, layers: [address.layer]), to: address, transformer: transformer)
  }

  /// ∂L/∂a at every site; of a run of whole texts that was recorded for a backward pass.
  func gradients(_ losses: [LossTerm]) -> SiteGradients {
    guard let batch else { preconditionFailure("the run was not recorded for a backward pass") }
    return transformer.gradients(batch, tape: tape, losses: losses)
  }

  /// The activations at a site [R, D], before any memory.
  func activations(_ address: SiteAddress) -> FloatMatrix { tape[address.layer].site(address.site) }

  /// The row of `activations` that belongs to a token of a sequence.
  func row(_ sequence: Int, token: Int) -> Int { sequences[sequence].rows.lowerBound + token }

  /// The activation [D] of a token of a sequence.
  func activation(_ address: SiteAddress, _ sequence: Int, token: Int) -> UnsafeMutablePointer<Float> {
    activations(address).row(row(sequence, token: token))
  }
}
