import Format
import Kernels

/// One decoder block: attention and feed-forward, each behind a norm and added to the residual.
struct Block {
  var attentionNorm: Norm
  /// Outputs: queries, keys, values.
  var queryKeyValue: LinearGroup
  var attentionOutput: Linear
  var feedForwardNorm: Norm
  /// Outputs: gate and up, or the one hidden layer.
  var feedForwardInput: LinearGroup
  var feedForwardOutput: Linear
  /// Module paths of the two output projections in the checkpoint.
  var attentionModule: ByteString
  var feedForwardModule: ByteString
}

/// A decoder-only transformer over a checkpoint's weights.
///
/// Forward passes run over batches of rows; a row's bits depend on its own sequence alone, not on what else is in the
/// batch, on how a sequence is cut into passes, or on the number of threads. Not to be used by two threads at once.
public final class Transformer {
  public let shape: ModelShape
  /// The checkpoint, for error messages.
  public let place: String
  package let pool: WorkerPool
  let embedding: Weights
  /// Learned positions [positions, C], where the model has them.
  let positionEmbedding: Weights?
  let rotary: RotaryHalves?
  let activation: kernel_activation
  let blocks: [Block]
  let finalNorm: Norm
  let head: Linear
  private(set) lazy var noMemories = MemorySet(layers: shape.layers)

  init(
    shape: ModelShape, place: String, pool: WorkerPool, embedding: Weights, positionEmbedding: Weights?,
    rotary: RotaryHalves?, activation: kernel_activation, blocks: [Block], finalNorm: Norm, head: Linear
  ) {
    self.shape = shape
    self.place = place
    self.pool = pool
    self.embedding = embedding
    self.positionEmbedding = positionEmbedding
    self.rotary = rotary
    self.activation = activation
    self.blocks = blocks
    self.finalNorm = finalNorm
    self.head = head
  }

  /// The module path of a site's output projection, as this checkpoint names it.
  public func module(_ address: SiteAddress) -> ByteString {
    address.site == .attn ? blocks[address.layer].attentionModule : blocks[address.layer].feedForwardModule
  }

  /// The site whose output projection is `module`.
  public func address(ofModule module: ByteString) -> SiteAddress? {
    for layer in 0..<shape.layers {
      for site in Site.allCases {
        let address = SiteAddress(layer: layer, site: site)
        if self.module(address) == module { return address }
      }
    }
    return nil
  }

  package func makeCache(capacity: Int) -> KVCache {
    KVCache(
      layers: shape.layers, heads: shape.keyValueHeads, headWidth: shape.headWidth, capacity: capacity)
  }

  // MARK: - Forward

  /// Writes the embeddings of `tokens`, a list a sequence, to the batch's residual rows.
  package func embed(_ tokens: [[Int]], _ batch: Batch) {
    rotary?.prepare(batch.sequences.map { $0.position + $0.rows.count }.max() ?? 0)
    for (sequence, tokens) in zip(batch.sequences, tokens) {
      for (i, token) in tokens.enumerated() {
        embed(token, position: sequence.position + i, into: batch.residual.row(sequence.rows.lowerBound + i))
      }
    }
  }

  func embed(_ token: Int, position: Int, into row: UnsafeMutablePointer<Float>) {
    embedding.read(row: token, into: row)
    positionEmbedding?.read(row: position, into: row, accumulate: true)
  }

  /// Runs `batch` through the blocks of `layers` (all of them unless said otherwise) in place.
  ///
  /// - Parameter patch: a vector added to every row's activation at one site, behind the memories.
  package func forward(
    _ batch: Batch, layers: Range<Int>? = nil, tape: Tape? = nil,
    adding patch: (at: SiteAddress, values: [Float])? = nil
  ) {
    func add(_ address: SiteAddress) {
      guard let patch, patch.at == address else { return }
      for row in 0..<batch.rows {
        kernel_add_scaled(batch.site(address.site).row(row), patch.values, 1, patch.values.count)
      }
    }
    for sequence in batch.sequences where sequence.appends { sequence.cache?.reserve(sequence.rows.count) }
    for layer in layers ?? 0..<shape.layers {
      let tape = tape.flatMap { $0.wants(layer) ? $0 : nil }
      let before = tape.map { _ in copy(batch.residual) }
      attend(batch, layer: layer)
      let attention = tape.map { _ in copy(batch.attention) }
      let queryKeyValue = tape?.forBackward == true ? copy(batch.queryKeyValue) : nil
      applyMemories(batch, SiteAddress(layer: layer, site: .attn))
      add(SiteAddress(layer: layer, site: .attn))
      projectAttention(batch, layer: layer)
      let middle = tape.map { _ in copy(batch.residual) }
      expand(batch, layer: layer)
      if let tape, let before, let middle, let attention {
        tape.keep(
          Tape.Layer(
            residual: before, middle: middle, attention: attention, feedForward: copy(batch.feedForward),
            queryKeyValue: queryKeyValue, hidden: tape.forBackward ? copy(batch.hidden) : nil), of: layer)
      }
      applyMemories(batch, SiteAddress(layer: layer, site: .mlp))
      add(SiteAddress(layer: layer, site: .mlp))
      contract(batch, layer: layer)
    }
    for sequence in batch.sequences where sequence.appends { sequence.cache?.advance(sequence.rows.count) }
    tape?.final = copy(batch.residual)
  }

  private func copy(_ matrix: FloatMatrix) -> FloatMatrix {
    let result = FloatMatrix(matrix.rows, matrix.width)
    result.copy(rows: matrix.rows, from: matrix)
    return result
  }

  /// Takes up a forward pass at a site: rows hold the site's activation before memories and the residual that its
  /// projection is added to; on return the residual after the last block.
  ///
  /// - Parameter tape: keeps what the backward down to this site needs.
  package func resume(_ batch: Batch, at address: SiteAddress, tape: Tape? = nil) {
    let before = tape.map { _ in copy(batch.residual) }
    let attention = tape.map { _ in copy(batch.attention) }
    applyMemories(batch, address)
    var middle = before
    if address.site == .attn {
      projectAttention(batch, layer: address.layer)
      middle = tape.map { _ in copy(batch.residual) }
      expand(batch, layer: address.layer)
    }
    if let tape, let before, let middle, let attention {
      tape.keep(
        Tape.Layer(
          residual: before, middle: middle, attention: attention, feedForward: copy(batch.feedForward),
          queryKeyValue: nil, hidden: tape.forBackward ? copy(batch.hidden) : nil), of: address.layer)
    }
    if address.site == .attn { applyMemories(batch, SiteAddress(layer: address.layer, site: .mlp)) }
    contract(batch, layer: address.layer)
    forward(batch, layers: (address.layer + 1)..<shape.layers, tape: tape)
  }

  /// First half, up to the site: norm, queries, keys and values, rotation, attention.
  package func attend(_ batch: Batch, layer: Int) {
    let block = blocks[layer]
    block.attentionNorm.forward(batch.residual, rows: batch.rows, into: batch.normed, pool: pool)
    block.queryKeyValue.forward(batch.normed, rows: batch.rows, into: batch.queryKeyValue, pool: pool)
    pool.runRanges(
      batch.rows, grain: 16, RotationLoop(shape: shape, rotary: rotary, batch: batch, layer: layer))
    Attention(shape).forward(batch, layer: layer, pool: pool)
  }

  /// The rest of the first half: the output projection, added to the residual.
  package func projectAttention(_ batch: Batch, layer: Int) {
    blocks[layer].attentionOutput.forward(
      batch.attention.kernelRows(), rows: batch.rows, accumulate: true, into: batch.residual.kernelRows(),
      pool: pool)
  }

  /// Second half, up to the site: norm, projections to the hidden width, activation.
  package func expand(_ batch: Batch, layer: Int) {
    let block = blocks[layer]
    block.feedForwardNorm.forward(batch.residual, rows: batch.rows, into: batch.normed, pool: pool)
    block.feedForwardInput.forward(batch.normed, rows: batch.rows, into: batch.hidden, pool: pool)
    pool.runRanges(batch.rows, grain: 2, ActivationLoop(model: self, batch: batch))
  }

  private struct ActivationLoop: RangeLoop {
    let model: Transformer
    let batch: Batch

    func run(_ range: Range<Int>) {
      let (width, isGated) = (model.shape.feedForwardWidth, model.shape.isGated)
      for row in range {
        let hidden = batch.hidden.row(row)
        kernel_activate(model.activation, hidden, isGated ? hidden + width : nil, width, batch.feedForward.row(row))
      }
    }
  }

  /// The rest of the second half: the output projection, added to the residual.
  package func contract(_ batch: Batch, layer: Int) {
    blocks[layer].feedForwardOutput.forward(
      batch.feedForward.kernelRows(), rows: batch.rows, accumulate: true, into: batch.residual.kernelRows(),
      pool: pool)
  }

  /// Rotates queries and keys, and puts keys and values into the caches that take them.
  private struct RotationLoop: RangeLoop {
    let shape: ModelShape
    let rotary: RotaryHalves?
    let batch: Batch
    let layer: Int

    func run(_ range: Range<Int>) {
      for row in range {
        let sequence = batch.sequences[batch.sequenceOfRow[row]]
        let position = sequence.position + row - sequence.rows.lowerBound
        let values = batch.queryKeyValue.row(row)
        if let rotary {
          for head in 0..<(shape.heads + shape.keyValueHeads) {
            rotary.rotate(values + head * shape.headWidth, position: position)
          }
        }
        guard sequence.appends, let cache = sequence.cache else { continue }
        for head in 0..<shape.keyValueHeads {
          let (keys, stored) = cache.head(head, layer: layer)
          let source = values + shape.queryWidth + head * shape.headWidth
          let target = position * shape.headWidth
          (keys + target).update(from: source, count: shape.headWidth)
          (stored + target).update(from: source + shape.keyValueWidth, count: shape.headWidth)
        }
      }
    }
  }

  package func applyMemories(_ batch: Batch, _ address: SiteAddress) {
    let matrix = batch.site(address.site)
    for sequence in batch.sequences {
      guard let block = sequence.memories.blocks[address.index] else { continue }
      let rows = sequence.rows
      block.apply(
        matrix.kernelRows(from: rows.lowerBound), count: rows.count, scratch: &batch.similarityScratch, pool: pool
      ) { row, region, similarity, strength in
        guard batch.traces else { return }
        batch.firings.append(
          Firing(
            memory: block.names[region], address: address, position: rows.lowerBound + row,
            similarity: similarity, strength: strength))
      }
    }
  }
}
