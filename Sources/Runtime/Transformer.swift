import Format
import Kernels

/// A decoder-only transformer over a checkpoint's weights.
///
/// Forward passes run over batches of rows; a row's bits depend on its own sequence alone, not on what else is in the
/// batch, on how a sequence is cut into passes, or on the number of threads. Not to be used by two threads at once.
public final class Transformer {
  public let shape: ModelShape
  /// The checkpoint, for error messages.
  public let location: String
  package let pool: WorkerPool
  let embedding: Weights
  /// Learned positions [positions, C], where the model has them.
  let positionEmbedding: Weights?
  /// The factor of the embeddings.
  let embeddingScale: Float
  /// The rotations of the blocks, each once.
  let rotaries: [Rotary]
  let activation: kernel_activation
  let blocks: [Block]
  let finalNorm: Norm
  let head: Linear
  /// What is wrong with the checkpoint and changes nothing, a line each.
  package internal(set) var warnings: [String] = []
  /// The model as the class of transformers for it has it.
  package internal(set) var published = PublishedModel()
  /// c where logits are capped softly, to c tanh(logit / c); nil where they are not.
  let logitCap: Float?
  private(set) lazy var noMemories = MemorySet(layers: shape.layers)

  init(
    shape: ModelShape, location: String, pool: WorkerPool, embedding: Weights, positionEmbedding: Weights? = nil,
    embeddingScale: Float = 1, activation: kernel_activation, blocks: [Block], finalNorm: Norm, head: Linear,
    logitCap: Float? = nil
  ) {
    self.shape = shape
    self.location = location
    self.pool = pool
    self.embedding = embedding
    self.positionEmbedding = positionEmbedding
    self.embeddingScale = embeddingScale
    var rotaries: [Rotary] = []
    for case let rotary? in blocks.map(\.rotary) where !rotaries.contains(where: { $0 === rotary }) {
      rotaries.append(rotary)
    }
    self.rotaries = rotaries
    self.activation = activation
    self.blocks = blocks
    self.finalNorm = finalNorm
    self.head = head
    self.logitCap = logitCap
  }

  /// The module path of a site's output projection, as this checkpoint names it; traps where the layer has no such site.
  public func module(_ address: SiteAddress) -> ByteString {
    let block = blocks[address.layer]
    if address.site == .attn { return block.attentionModule }
    guard case .dense(_, _, let module) = block.feedForward else {
      preconditionFailure("a mixture of experts has no site mlp")
    }
    return module
  }

  /// The site whose output projection is `module`.
  public func address(ofModule module: ByteString) -> SiteAddress? { addressesByModule[module] }
  private lazy var addressesByModule = Dictionary(
    shape.addresses.map { (module($0), $0) }, uniquingKeysWith: { first, _ in first })

  package func makeCache(capacity: Int) -> KVCache {
    KVCache(
      layers: shape.layers, heads: shape.keyValueHeads, headWidth: shape.headWidth, capacity: capacity)
  }

  // MARK: - Forward

  /// Writes the embeddings of `tokens`, a list per sequence, to the batch's residual rows.
  package func embed(_ tokens: [[Int]], _ batch: Batch) {
    preparePositions(batch.sequences.map { $0.position + $0.rows.count }.max() ?? 0)
    for (sequence, tokens) in zip(batch.sequences, tokens) {
      for (i, token) in tokens.enumerated() {
        embed(token, position: sequence.position + i, into: batch.residual.row(sequence.rows.lowerBound + i))
      }
    }
  }

  /// Prepares for sequences of `count` tokens.
  func preparePositions(_ count: Int) {
    for rotary in rotaries { rotary.prepare(count) }
  }

  func embed(_ token: Int, position: Int, into row: UnsafeMutablePointer<Float>) {
    embedding.read(row: token, into: row, scale: embeddingScale)
    positionEmbedding?.read(row: position, into: row, accumulate: true)
  }

  /// Runs `batch` through the blocks in place: the one loop over layers.
  ///
  /// - Parameters:
  ///   - start: the site to go on from; the batch holds its activation before any memory, and the residual that its
  ///     projection is added to. nil starts at the first block, from the residual.
  ///   - end: the site to stop at, its activation before any memory computed, its cues looked for; nil runs all blocks.
  ///   - tape: records what it wants of the layers passed; of the first one after `start`, the activation there too.
  ///   - visit: called at each site from `start` on and before `end`, with the memories applied; may change the
  ///     activations and, without a tape, append sequences whose rows stand at that site.
  package func forward(
    _ batch: Batch, from start: SiteAddress? = nil, to end: SiteAddress? = nil, tape: Tape? = nil,
    visit: (SiteAddress) -> Void = { _ in }
  ) {
    for sequence in batch.sequences where sequence.appends { sequence.cache?.reserve(sequence.rows.count) }
    if let start { batch.requirePresence(of: batch.sequences.indices, before: start) }
    let last = end?.layer ?? shape.layers - 1
    for layer in (start?.layer ?? 0)..<(last + 1) {
      runBlock(
        layer, batch, from: start?.layer == layer ? start?.site : nil, to: end?.layer == layer ? end?.site : nil,
        tape: tape, visit: visit)
    }
    if last == shape.layers - 1 {
      for sequence in batch.sequences where sequence.appends { sequence.cache?.advance(sequence.rows.count) }
    }
    if end == nil, let tape, tape.isForBackward { tape.final = batch.residual.copied() }
  }

  private func runBlock(
    _ layer: Int, _ batch: Batch, from start: Site?, to end: Site?, tape: Tape?, visit: (SiteAddress) -> Void
  ) {
    var record = tape?.record(of: layer, in: batch, from: start)
    defer { if let record { tape?.keep(record, of: layer) } }
    if start == nil { attend(batch, layer: layer, recording: &record) }
    if start != .mlp {
      if end == .attn { return batch.watchCues(at: SiteAddress(layer: layer, site: .attn), pool: pool) }
      change(batch, SiteAddress(layer: layer, site: .attn), visit)
      if case .mixture(let mixture) = blocks[layer].feedForward {
        return mix(batch, layer: layer, mixture, recording: &record)
      }
      expand(batch, layer: layer, recording: &record)
    }
    if end == .mlp { return batch.watchCues(at: SiteAddress(layer: layer, site: .mlp), pool: pool) }
    change(batch, SiteAddress(layer: layer, site: .mlp), visit)
    contract(batch, layer: layer, recording: &record)
  }

  private func change(_ batch: Batch, _ address: SiteAddress, _ visit: (SiteAddress) -> Void) {
    batch.applyMemories(at: address, to: batch.sequences.indices, pool: pool)
    visit(address)
  }

  /// Adds the deltas of the rows that act at one site to sequences that have joined a batch there.
  package func applyMemories(_ batch: Batch, _ address: SiteAddress, to joined: Range<Int>) {
    batch.requirePresence(of: joined, before: address)
    batch.applyMemories(at: address, to: joined, pool: pool)
  }

  // MARK: - From site to site

  /// From a block's input to its attention's site.
  private func attend(_ batch: Batch, layer: Int, recording record: inout Tape.Layer?) {
    guard batch.rows > 0 else { return }
    let forBackward = record?.isForBackward == true
    attend(batch, layer: layer, forBackward: forBackward)
    record?.attention = batch.attention.copied()
    if forBackward {
      record?.queryKeyValue = batch.queryKeyValue.copied()
      if blocks[layer].hasQueryKeyNorms { record?.unnormed = batch.unnormed.copied() }
    }
  }

  /// From the attention's site to the feed-forward's.
  private func expand(_ batch: Batch, layer: Int, recording record: inout Tape.Layer?) {
    guard batch.rows > 0 else { return }
    projectAttention(batch, layer: layer, recording: &record)
    expand(batch, layer: layer)
    record?.feedForward = batch.feedForward.copied()
    if record?.isForBackward == true { record?.hidden = batch.hidden.copied() }
  }

  /// From the attention's site to the end of a block whose feed-forward is a mixture of experts.
  private func mix(_ batch: Batch, layer: Int, _ mixture: Mixture, recording record: inout Tape.Layer?) {
    guard batch.rows > 0, let slots = batch.expertRows else { return }
    projectAttention(batch, layer: layer, recording: &record)
    let block = blocks[layer]
    mixture.forward(
      feedForwardInput(batch, block), rows: batch.rows, activation: activation, in: slots, into: batch.projected,
      pool: pool)
    if record?.isForBackward == true { record?.projectedFeedForward = batch.projected.copied() }
    addProjected(block.feedForwardOutputNorm, scale: block.residualScale, batch)
  }

  /// From the feed-forward's site to the block's end.
  private func contract(_ batch: Batch, layer: Int, recording record: inout Tape.Layer?) {
    guard batch.rows > 0 else { return }
    contract(batch, layer: layer)
    if record?.isForBackward == true, blocks[layer].feedForwardOutputNorm != nil {
      record?.projectedFeedForward = batch.projected.copied()
    }
  }

  /// Norm, queries, keys and values, rotation, attention.
  ///
  /// - Parameter forBackward: whether the inputs of the norms of queries and keys are left in the batch.
  private func attend(_ batch: Batch, layer: Int, forBackward: Bool) {
    let block = blocks[layer]
    let input = normed(batch.residual, by: block.attentionNorm, batch)
    block.queryKeyValue.forward(input, rows: batch.rows, into: batch.queryKeyValue, pool: pool)
    if forBackward, block.hasQueryKeyNorms { batch.unnormed.copy(rows: batch.rows, from: batch.queryKeyValue) }
    pool.runRanges(batch.rows, grain: 16, RotationLoop(shape: shape, block: block, batch: batch, layer: layer))
    Attention(shape, window: block.window).forward(batch, layer: layer, pool: pool)
  }

  /// `x` behind a norm, in the batch's matrix for that; `x` itself where there is no norm.
  private func normed(_ x: FloatMatrix, by norm: Norm?, _ batch: Batch) -> FloatMatrix {
    guard let norm else { return x }
    norm.forward(x, rows: batch.rows, into: batch.normed, pool: pool)
    return batch.normed
  }

  /// The attention's output projection, added to the residual.
  private func projectAttention(_ batch: Batch, layer: Int, recording record: inout Tape.Layer?) {
    let block = blocks[layer]
    if block.isParallel { batch.blockInput.copy(rows: batch.rows, from: batch.residual) }
    addToResidual(batch.attention, through: block.attentionOutput, block.attentionOutputNorm, block, batch)
    if record?.isForBackward == true, block.attentionOutputNorm != nil {
      record?.projectedAttention = batch.projected.copied()
    }
    record?.middle = batch.residual.copied()
  }

  private func addToResidual(
    _ x: FloatMatrix, through linear: Linear, _ norm: Norm?, _ block: Block, _ batch: Batch
  ) {
    if norm == nil, block.residualScale == 1 {
      let residual = batch.residual.kernelRows()
      return linear.forward(x.kernelRows(), rows: batch.rows, accumulate: true, into: residual, pool: pool)
    }
    linear.forward(x.kernelRows(), rows: batch.rows, into: batch.projected.kernelRows(), pool: pool)
    addProjected(norm, scale: block.residualScale, batch)
  }

  /// The output of a projection behind a norm, added to the residual.
  private func addProjected(_ norm: Norm?, scale: Float, _ batch: Batch) {
    let output = normed(batch.projected, by: norm, batch)
    for row in 0..<batch.rows { kernel_add_scaled(batch.residual.row(row), output.row(row), scale, shape.width) }
  }

  /// What the feed-forward reads.
  private func feedForwardInput(_ batch: Batch, _ block: Block) -> FloatMatrix {
    normed(block.isParallel ? batch.blockInput : batch.residual, by: block.feedForwardNorm, batch)
  }

  /// Norm, projections to the hidden width, activation function.
  private func expand(_ batch: Batch, layer: Int) {
    guard case .dense(let projections, _, _) = blocks[layer].feedForward else { return }
    projections.forward(feedForwardInput(batch, blocks[layer]), rows: batch.rows, into: batch.hidden, pool: pool)
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

  /// The feed-forward's output projection, added to the residual.
  private func contract(_ batch: Batch, layer: Int) {
    let block = blocks[layer]
    guard case .dense(_, let output, _) = block.feedForward else { return }
    addToResidual(batch.feedForward, through: output, block.feedForwardOutputNorm, block, batch)
  }
}
