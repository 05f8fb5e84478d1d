import Format

extension LanguageModel {
  /// What makes the logits behind `ids` infinite or no numbers: the first weight that is, else the first site where
  /// activations are. Reads all weights and runs the tokens again.
  ///
  /// - Parameter memories: nil for the model's own.
  /// - Returns: an error of kind `notFinite`.
  public func numberProblem(behind ids: [Int], memories: MemorySet? = nil) -> FormatError {
    if let (tensor, index) = checkpoint.firstNotFinite() {
      return FormatError(
        .notFinite, checkpoint.sourceLocation("\(checkpoint.path): tensor \(tensor.name)"),
        "element \(Self.coordinates(of: index, in: tensor.shape)) is not finite", expected: "finite numbers",
        got: tensor.dtype.rawValue + " infinity or NaN")
    }
    let alone = firstOverflow(ids, .none(of: transformer))
    let place = alone ?? firstOverflow(ids, memories ?? self.memories)
    return FormatError(
      .notFinite, "\(checkpoint.path): \(place ?? "the logits")",
      "the activations are not finite though all weights are"
        + (alone == nil && place != nil ? ", once memories have acted" : ""),
      expected: "finite numbers", got: "infinity or NaN")
  }

  /// Checks that the logits behind a prompt are finite.
  ///
  /// - Throws: `FormatError` of kind `notFinite`.
  package func requireFinite(behind ids: [Int]) throws(FormatError) {
    let none = MemorySet.none(of: transformer)
    let generation = generate(GenerationRequest(ids, maxTokens: 1, memories: none))
    guard generation.isFinite else { throw numberProblem(behind: ids, memories: none) }
  }

  private static func coordinates(of index: Int, in shape: [Int]) -> [Int] {
    var (rest, result) = (index, [Int]())
    for size in shape.reversed() {
      result.insert(rest % size, at: 0)
      rest /= size
    }
    return result
  }

  /// The first site whose activation, or what its projection adds to the residual, is not finite, in words; nil where
  /// all are.
  private func firstOverflow(_ ids: [Int], _ memories: MemorySet) -> String? {
    let batch = Batch([], shape: transformer.shape, capacity: ids.count)
    batch.append(
      .init(
        rows: 0..<ids.count, position: 0, cache: transformer.makeCache(capacity: ids.count), appends: true,
        memories: memories))
    transformer.embed([ids], batch)
    func areFinite(_ matrix: FloatMatrix) -> Bool { (0..<ids.count).allSatisfy(matrix.isFinite) }
    var found: String?
    var passed = "the embedding"
    transformer.forward(batch) { address in
      guard found == nil else { return }
      let place = "\(address.site) of layer \(address.layer)"
      if !areFinite(batch.residual) {
        found = passed
      } else if !areFinite(address.site == .attn ? batch.attention : batch.feedForward) {
        found = place
      }
      passed = place
    }
    return found ?? (areFinite(batch.residual) ? nil : passed)
  }
}
