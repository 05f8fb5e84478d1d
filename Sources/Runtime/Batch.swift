import Format

/// The rows of several sequences as one matrix, with what each row attends to.
///
/// A sequence's rows stand one behind the other; earlier tokens are in its cache, which several sequences may share
/// as long as none of them appends to it.
package final class Batch {
  package struct Sequence {
    /// Its rows in the batch.
    package var rows: Range<Int>
    /// The position of its first row: how many tokens of `cache` come before it.
    package var position: Int
    package var cache: KVCache?
    /// Whether the rows' keys and values go behind the cache's.
    package var appends: Bool
    package var memories: MemorySet

    package init(rows: Range<Int>, position: Int, cache: KVCache?, appends: Bool, memories: MemorySet) {
      self.rows = rows
      self.position = position
      self.cache = cache
      self.appends = appends
      self.memories = memories
    }
  }

  package private(set) var sequences: [Sequence] = []
  /// The rows in use; the matrices may have more.
  package private(set) var rows = 0
  private(set) var sequenceOfRow: [Int] = []
  /// [R, C] the residual stream.
  package let residual: FloatMatrix
  /// [R, C] the norms' output.
  let normed: FloatMatrix
  /// [R, (H + 2 K) width] queries, keys, values.
  let queryKeyValue: FloatMatrix
  /// [R, H width] and [R, F]: the sites' activations.
  package let attention: FloatMatrix
  package let feedForward: FloatMatrix
  /// [R, F] or [R, 2 F]: what the activation is applied to.
  let hidden: FloatMatrix
  /// [R, (H + 2 K) width] queries, keys, values before their norms; [R, C] what goes through a norm before it is added
  /// to the residual; [R, C] the residual before a block whose halves both read it. Only some models need these.
  private(set) lazy var unnormed = FloatMatrix(residual.rows, queryKeyValue.width)
  private(set) lazy var projected = FloatMatrix(residual.rows, residual.width)
  private(set) lazy var blockInput = FloatMatrix(residual.rows, residual.width)
  /// The firings met so far, `position` being the row; kept only where `traces`.
  package var firings: [Firing] = []
  package var traces = false
  var similarityScratch: [Float] = []

  /// - Parameter capacity: how many rows there will be once all sequences are appended; nil for those of `sequences`.
  package init(_ sequences: [Sequence], shape: ModelShape, capacity: Int? = nil) {
    let capacity = capacity ?? sequences.last?.rows.upperBound ?? 0
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
    rows = sequence.rows.upperBound
  }

  /// The position of a row in its sequence.
  package func position(ofRow row: Int) -> Int {
    let sequence = sequences[sequenceOfRow[row]]
    return sequence.position + row - sequence.rows.lowerBound
  }

  /// Turns a batch of one row a sequence to the next token of each.
  package func advance() {
    for i in sequences.indices { sequences[i].position += 1 }
  }

  package func site(_ site: Site) -> FloatMatrix { site == .attn ? attention : feedForward }
}

/// A record of a forward pass, for the backward pass and for reading activations.
package final class Tape {
  package struct Layer {
    /// Whether the fields that only a backward pass needs are recorded.
    let isForBackward: Bool
    /// [R, C] before the block and between its two halves.
    package var residual: FloatMatrix
    package var middle = FloatMatrix(0, 0)
    /// [R, D] the sites' activations before any memory.
    package var attention = FloatMatrix(0, 0)
    package var feedForward = FloatMatrix(0, 0)
    /// Queries and keys rotated; nil, as what follows, unless the tape is for a backward.
    var queryKeyValue: FloatMatrix?
    /// The same before norm and rotation, where there is a norm.
    var unnormed: FloatMatrix?
    var hidden: FloatMatrix?
    /// [R, C] the outputs of the projections, where a norm follows.
    var projectedAttention: FloatMatrix?
    var projectedFeedForward: FloatMatrix?

    package func site(_ site: Site) -> FloatMatrix { site == .attn ? attention : feedForward }
  }

  private let isForBackward: Bool
  private let wanted: Set<Int>?
  private var layers: [Int: Layer] = [:]
  /// [R, C] the residual after the last block.
  package internal(set) var final: FloatMatrix?

  /// - Parameter layers: the only ones recorded; nil for all.
  package init(forBackward: Bool, layers: Set<Int>? = nil) {
    isForBackward = forBackward
    wanted = layers
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

  func keep(_ layer: Layer, of index: Int) { layers[index] = layer }

  /// What was kept of a layer, which must be one that the pass went through and the tape was to keep.
  package subscript(layer: Int) -> Layer { layers[layer]! }
}
