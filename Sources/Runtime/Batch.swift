import Format

/// The rows of several sequences as one matrix: a row per token that a forward pass computes.
///
/// The rows of a sequence follow each other; its earlier tokens are in a cache, which several sequences may share as
/// long as none of them appends to it.
package final class Batch {
  package struct Sequence {
    /// The sequence's rows in the batch.
    package var rows: Range<Int>
    /// The position of the first row: the number of tokens of `cache` before it.
    package var position: Int
    package var cache: KVCache?
    /// Whether the rows' keys and values are appended to the cache.
    package var appends: Bool
    package var memories: MemorySet
    /// Where the cues of `memories` are present, found out before: of the tokens before the first row at all sites, and
    /// of the rows at the sites before the one that a pass goes on from. nil where the cache knows, having been filled
    /// with the same memories, and the pass starts at the first block.
    package var presence: CuePresence?

    package init(
      rows: Range<Int>, position: Int, cache: KVCache?, appends: Bool, memories: MemorySet,
      presence: CuePresence? = nil
    ) {
      self.rows = rows
      self.position = position
      self.cache = cache
      self.appends = appends
      self.memories = memories
      self.presence = presence
    }
  }

  private let shape: ModelShape
  package private(set) var sequences: [Sequence] = []
  /// The rows in use; the matrices may have more.
  package private(set) var rows = 0
  private(set) var sequenceOfRow: [Int] = []
  /// The residual stream [R, C].
  package let residual: FloatMatrix
  /// The norms' output [R, C].
  let normed: FloatMatrix
  /// Queries, keys and values [R, (H + 2 K) width].
  let queryKeyValue: FloatMatrix
  /// The sites' activations [R, H width] and [R, F].
  package let attention: FloatMatrix
  package let feedForward: FloatMatrix
  /// The input of the activation function [R, F], or [R, 2 F] where it is gated.
  let hidden: FloatMatrix
  /// For some models: queries, keys and values before their norms [R, (H + 2 K) width]; an output that a norm is applied
  /// to before it is added to the residual [R, C]; the input of a block whose halves both read it [R, C].
  private(set) lazy var unnormed = FloatMatrix(residual.rows, queryKeyValue.width)
  private(set) lazy var projected = FloatMatrix(residual.rows, residual.width)
  private(set) lazy var blockInput = FloatMatrix(residual.rows, residual.width)
  /// The rows by expert, of a model with mixtures of experts.
  private(set) lazy var expertRows = shape.mixture.map {
    ExpertRows(rows: residual.rows, width: residual.width, shape: $0)
  }
  /// The firings so far, `position` being the row; only where `traces` is set.
  package var firings: [Firing] = []
  package var traces = false
  var cueBuffers = CueBlock.Buffers()
  /// Per sequence of those that are looked at together.
  var gatedBuffers: [GatedRows.Buffers] = []
  /// Per sequence, what is present of its memories' cues; nil until it is asked for.
  private var presences: [CuePresence?] = []

  /// - Parameter capacity: the rows of all sequences that will be appended; nil for those of `sequences`.
  package init(_ sequences: [Sequence], shape: ModelShape, capacity: Int? = nil) {
    let capacity = capacity ?? sequences.last?.rows.upperBound ?? 0
    self.shape = shape
    residual = FloatMatrix(capacity, shape.width)
    normed = FloatMatrix(capacity, shape.width)
    queryKeyValue = FloatMatrix(capacity, shape.queryKeyValueWidth)
    attention = FloatMatrix(capacity, shape.width(of: .attn))
    feedForward = FloatMatrix(capacity, shape.width(of: .mlp))
    hidden = FloatMatrix(capacity, shape.hiddenWidth)
    sequences.forEach(append)
  }

  /// Adds a sequence whose rows follow those in use.
  package func append(_ sequence: Sequence) {
    precondition(sequence.rows.lowerBound == rows && sequence.rows.upperBound <= residual.rows)
    sequenceOfRow += [Int](repeating: sequences.count, count: sequence.rows.count)
    sequences.append(sequence)
    presences.append(nil)
    rows = sequence.rows.upperBound
  }

  /// The position of a row in its sequence.
  package func position(ofRow row: Int) -> Int {
    let sequence = sequences[sequenceOfRow[row]]
    return sequence.position + row - sequence.rows.lowerBound
  }

  /// Moves a batch of one row per sequence to the next token of each.
  package func advance() {
    for i in sequences.indices { sequences[i].position += 1 }
  }

  package func site(_ site: Site) -> FloatMatrix { site == .attn ? attention : feedForward }

  /// What is present of the cues of a sequence's memories: the cache's own where the sequence appends to it, else a copy.
  func presence(ofSequence index: Int) -> CuePresence {
    if let presence = presences[index] { return presence }
    let sequence = sequences[index]
    let presence: CuePresence
    if let given = sequence.presence {
      precondition(given.set === sequence.memories, "the presence is that of other memories' cues")
      presence = given.copied()
      if sequence.appends { sequence.cache?.adopt(presence) }
    } else if let cache = sequence.cache, sequence.appends {
      presence = cache.presence(of: sequence.memories, at: sequence.position)
    } else if sequence.position > 0 {
      guard let known = sequence.cache?.presence, known.set === sequence.memories else {
        preconditionFailure("nothing is known of what has been seen before the sequence's first row")
      }
      presence = known.copied()
    } else {
      presence = CuePresence(of: sequence.memories)
    }
    presences[index] = presence
    return presence
  }
}

/// A record of a forward pass, for the backward pass and for reading activations.
package final class Tape {
  package struct Layer {
    /// Whether the fields that only a backward pass needs are recorded.
    let isForBackward: Bool
    /// The residual [R, C] before the block and between its two halves.
    package var residual: FloatMatrix
    package var middle = FloatMatrix(0, 0)
    /// The sites' activations [R, D] before any memory; empty where the layer has no such site.
    package var attention = FloatMatrix(0, 0)
    package var feedForward = FloatMatrix(0, 0)
    /// Queries, keys and values, rotated; like the fields below nil unless the tape is for a backward pass.
    var queryKeyValue: FloatMatrix?
    /// Queries, keys and values before norm and rotation, where there is a norm.
    var unnormed: FloatMatrix?
    var hidden: FloatMatrix?
    /// The outputs of the projections [R, C], where a norm follows.
    var projectedAttention: FloatMatrix?
    var projectedFeedForward: FloatMatrix?

    package func site(_ site: Site) -> FloatMatrix { site == .attn ? attention : feedForward }
  }

  package let isForBackward: Bool
  private let wanted: Set<Int>?
  /// Where not all of a layer is kept, the sites that are, each with the residual that its projection is added to.
  private var sites: Set<SiteAddress>?
  private var layers: [Int: Layer] = [:]
  /// The residual [R, C] after the last block; of a tape for a backward pass.
  package internal(set) var final: FloatMatrix?

  /// - Parameter layers: the only ones recorded; nil for all.
  package init(forBackward: Bool, layers: Set<Int>? = nil) {
    isForBackward = forBackward
    wanted = layers
  }

  /// A record of some sites alone, to read activations and to go on from.
  package convenience init(of sites: Set<SiteAddress>) {
    self.init(forBackward: false, layers: Set(sites.map(\.layer)))
    self.sites = sites
  }

  /// The beginning of a layer's record, nil where it is not wanted.
  ///
  /// - Parameter start: the site that the batch stands at; nil at the block's input.
  func record(of layer: Int, in batch: Batch, from start: Site?) -> Layer? {
    guard wanted?.contains(layer) ?? true else { return nil }
    var record = Layer(isForBackward: isForBackward, residual: batch.residual.copied())
    if start != nil {
      record.middle = record.residual
      record.attention = batch.attention.copied()
      record.feedForward = batch.feedForward.copied()
    }
    return record
  }

  func keep(_ layer: Layer, of index: Int) {
    var layer = layer
    let none = FloatMatrix(0, 0)
    for site in Site.allCases where sites?.contains(SiteAddress(layer: index, site: site)) == false {
      if site == .attn { (layer.residual, layer.attention) = (none, none) }
      if site == .mlp { (layer.middle, layer.feedForward) = (none, none) }
    }
    layers[index] = layer
  }

  /// The record of a layer that the forward pass went through and the tape wanted.
  package subscript(layer: Int) -> Layer { layers[layer]! }
}
