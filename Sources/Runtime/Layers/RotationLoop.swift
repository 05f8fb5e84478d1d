/// Norms and rotates queries and keys, and puts keys and values into the caches that take them.
struct RotationLoop: RangeLoop {
  let shape: ModelShape
  let block: Block
  let batch: Batch
  let layer: Int

  func run(_ range: Range<Int>) {
    for row in range {
      let sequence = batch.sequences[batch.sequenceOfRow[row]]
      let position = sequence.position + row - sequence.rows.lowerBound
      let values = batch.queryKeyValue.row(row)
      block.queryNorm?.forward(in: values, count: shape.queryWidth)
      block.keyNorm?.forward(in: values + shape.queryWidth, count: shape.keyValueWidth)
      if let rotary = block.rotary {
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
