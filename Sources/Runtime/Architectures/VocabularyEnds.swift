import Format

/// The two ends of a model: the embedding of tokens and the projection to them.
struct VocabularyEnds {
  let embedding: Weights
  let head: Linear

  /// - Parameters:
  ///   - source: tensors of a model whose embedding is `name`.weight and whose head is the first of `heads`.weight that
  ///     is there, both [V, C].
  ///   - isTied: whether one of the two tensors is enough. Where both are there each is taken for itself, as
  ///     transformers does since version 5, with a warning where they differ.
  init(
    _ source: TensorSource, _ name: String, heads: [String] = ["lm_head"], shape: ModelShape, isTied: Bool
  ) throws(FormatError) {
    let ends = TensorSource(tensors: source.tensors, prefix: "")
    func weights(_ source: TensorSource, _ name: String) throws(FormatError) -> Weights {
      try source.weights(name + ".weight", shape.vocabulary, shape.width)
    }
    var (headName, hasHead) = (heads[0], false)
    for name in heads where !hasHead {
      if try ends.has(name + ".weight") { (headName, hasHead) = (name, true) }
    }
    let output = try isTied && !hasHead ? weights(source, name) : weights(ends, headName)
    head = Linear(weights: output, layout: .outputsByInputs, bias: nil)
    guard isTied else {
      embedding = try weights(source, name)
      return
    }
    guard hasHead, try source.has(name + ".weight") else {
      embedding = output
      return
    }
    embedding = try weights(source, name)
    if embedding.seemsToDiffer(from: output) {
      source.tensors.warn(
        "tie_word_embeddings is true and \(headName).weight has values of its own, which are taken, as transformers does"
      )
    }
  }
}

extension Weights {
  /// Whether some rows, evenly spread, differ in the values of another matrix of this shape.
  fileprivate func seemsToDiffer(from other: Weights) -> Bool {
    let (mine, others) = (FloatMatrix(1, columns), FloatMatrix(1, columns))
    return stride(from: 0, to: rows, by: max(1, rows / 256)).contains { row in
      read(row: row, into: mine.row(0))
      other.read(row: row, into: others.row(0))
      return (0..<columns).contains { mine.values[$0] != others.values[$0] }
    }
  }
}
