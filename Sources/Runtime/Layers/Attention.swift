import Kernels

/// Causal attention with grouped key–value heads over the rows of a batch.
struct Attention {
  let shape: ModelShape
  /// The number of tokens that a token sees, itself included.
  let window: Int

  init(_ shape: ModelShape, window: Int? = nil) {
    self.shape = shape
    self.window = window ?? .max
  }

  private var scale: Float { shape.scoreScale ?? 1 / Float(shape.headWidth).squareRoot() }
  private var cap: Float { shape.scoreCap ?? 0 }
  private var group: Int { shape.heads / shape.keyValueHeads }

  /// The tokens that a sequence's row `index` sees of one key–value head: cached ones, then rows of the batch, the
  /// first `skipped` of them left out.
  private func segments(
    _ sequence: Batch.Sequence, _ rows: FloatMatrix, layer: Int, head: Int, index: Int
  ) -> (earlier: kernel_segment, own: kernel_segment, skipped: Int) {
    let column = head * shape.headWidth
    let unseen = max(0, sequence.position + index - (window - 1))
    let skipped = max(0, unseen - sequence.position)
    let own = rows.row(sequence.rows.lowerBound + skipped) + shape.queryWidth + column
    let ownSegment = kernel_segment(
      keys: own, values: own + shape.keyValueWidth, stride: shape.queryKeyValueWidth, count: index + 1 - skipped)
    guard let cache = sequence.cache, sequence.position > unseen else {
      return (kernel_segment(keys: own, values: own, stride: 0, count: 0), ownSegment, skipped)
    }
    let (keys, values) = cache.head(head, layer: layer)
    let offset = unseen * shape.headWidth
    return (
      kernel_segment(
        keys: keys + offset, values: values + offset, stride: shape.headWidth, count: sequence.position - unseen),
      ownSegment, skipped
    )
  }

  private func queries(_ rows: FloatMatrix, row: Int, head: Int) -> kernel_rows {
    kernel_rows(values: rows.row(row) + head * group * shape.headWidth, stride: shape.headWidth)
  }

  /// The site's activation [R, H width] from queries, keys and values.
  func forward(_ batch: Batch, layer: Int, pool: WorkerPool) {
    let heads = shape.keyValueHeads
    // With few rows each query head is a task, else those that share keys are one, so that keys are read once.
    let parts = batch.rows * heads < 4 * pool.threads ? group : 1
    pool.run(batch.rows * heads * parts, Forward(attention: self, batch: batch, layer: layer, parts: parts))
  }

  private struct Forward: ParallelLoop {
    let attention: Attention
    let batch: Batch
    let layer: Int
    let parts: Int

    func run(_ task: Int) { attention.attend(batch, layer: layer, parts: parts, task) }
  }

  /// Attention of one row's query heads that share a key–value head, or of one of `parts` parts of them.
  private func attend(_ batch: Batch, layer: Int, parts: Int, _ task: Int) {
    let rows = batch.queryKeyValue
    let heads = shape.keyValueHeads
    let (row, head, part) = (task / parts / heads, task / parts % heads, task % parts)
    let sequence = batch.sequences[batch.sequenceOfRow[row]]
    let index = row - sequence.rows.lowerBound
    let (earlier, own, _) = segments(sequence, rows, layer: layer, head: head, index: index)
    let size = group / parts
    withUnsafeTemporaryAllocation(of: Float.self, capacity: size * (earlier.count + own.count)) { scores in
      var (q, out) = (queries(rows, row: row, head: head), queries(batch.attention, row: row, head: head))
      q.values += part * q.stride
      out.values += part * out.stride
      kernel_attend(q, size, shape.headWidth, scale, cap, earlier, own, scores.baseAddress!, out)
    }
  }

  /// ∂L/∂(queries, keys, values) [R, Q + 2 K] from ∂L/∂activation [R, H width], for the batch's own rows: cached tokens
  /// are constants.
  func backward(
    _ batch: Batch, layer: Int, queryKeyValue rows: FloatMatrix, gradient: FloatMatrix,
    into result: FloatMatrix,
    pool: WorkerPool
  ) {
    result.fill(0)
    pool.run(
      batch.sequences.count * shape.keyValueHeads,
      Backward(attention: self, batch: batch, layer: layer, rows: rows, gradient: gradient, result: result))
  }

  private struct Backward: ParallelLoop {
    let attention: Attention
    let batch: Batch
    let layer: Int
    let rows: FloatMatrix
    let gradient: FloatMatrix
    let result: FloatMatrix

    func run(_ task: Int) {
      attention.attendBackward(batch, layer: layer, rows, gradient, into: result, task)
    }
  }

  /// The backward of a whole sequence for one key–value head: its rows add to the same keys and values.
  private func attendBackward(
    _ batch: Batch, layer: Int, _ rows: FloatMatrix, _ gradient: FloatMatrix, into result: FloatMatrix, _ task: Int
  ) {
    let heads = shape.keyValueHeads
    let (sequence, head) = (batch.sequences[task / heads], task % heads)
    let most = sequence.position + sequence.rows.count
    withUnsafeTemporaryAllocation(of: Float.self, capacity: (group + 2) * most + group * shape.headWidth) {
      scratch in
      let scores = scratch.baseAddress!
      let output = scores + (group + 2) * most
      let first = result.row(sequence.rows.lowerBound) + shape.queryWidth + head * shape.headWidth
      for (i, row) in sequence.rows.enumerated() {
        let (earlier, own, skipped) = segments(sequence, rows, layer: layer, head: head, index: i)
        let keys = first + skipped * shape.queryKeyValueWidth
        let q = queries(rows, row: row, head: head)
        kernel_attend(
          q, group, shape.headWidth, scale, cap, earlier, own, scores,
          kernel_rows(values: output, stride: shape.headWidth))
        kernel_attend_backward(
          q, group, shape.headWidth, scale, cap, earlier, own, scores, queries(gradient, row: row, head: head),
          queries(result, row: row, head: head), keys, keys + shape.keyValueWidth, scores + group * most)
      }
    }
  }
}
