/// A memory in two checkpoints that is not the same in both.
public struct MemoryChange: Sendable {
  public var old: Memory
  public var new: Memory

  /// Rows of the two, paired by their order.
  public struct RowPair: Sendable {
    public var old: MemoryRow
    public var new: MemoryRow

    /// Keys and deltas are only comparable at the same module: elsewhere their axes mean something else.
    public var isAtSameModule: Bool { old.module == new.module }
    public var hasSameRegion: Bool {
      isAtSameModule && old.key == new.key && old.boundary == new.boundary && old.hardness == new.hardness
    }
    /// Whether the tables hold the same, whatever the manifest tells.
    public var actsTheSame: Bool { hasSameRegion && old.delta == new.delta }
    /// The cosine between the keys, 1 where they are equal, nil where they are not comparable.
    public var keyCosine: Double? { isAtSameModule ? cosine(old.key, new.key) : nil }
    /// The same of the deltas; nil where one is zero too.
    public var deltaCosine: Double? { isAtSameModule ? cosine(old.delta, new.delta) : nil }
  }

  public var pairs: [RowPair] { zip(old.rows, new.rows).map { RowPair(old: $0, new: $1) } }

  /// Whether all rows hold the same in the tables: the model acts as before.
  public var actsTheSame: Bool { old.rows.count == new.rows.count && pairs.allSatisfy(\.actsTheSame) }

  /// Whether prompt, target and every row are the same; what is only told about a memory, its scores, may differ.
  var isNone: Bool {
    hasSamePrompt && ByteString(old.target) == ByteString(new.target) && old.targetIDs == new.targetIDs
      && old.rows == new.rows
  }

  public var hasSamePrompt: Bool { ByteString(old.prompt) == ByteString(new.prompt) }

  /// The least cosine between the keys of paired rows: nil where no pair is comparable.
  public var keyCosine: Double? { pairs.compactMap(\.keyCosine).min() }

  /// The same of the deltas.
  public var deltaCosine: Double? { pairs.compactMap(\.deltaCosine).min() }

  /// ‖Δ‖ over all rows.
  public var deltaNorms: (old: Double, new: Double) {
    (euclideanNorm(old.rows.flatMap(\.delta)), euclideanNorm(new.rows.flatMap(\.delta)))
  }

  /// ‖Δ new‖ / ‖Δ old‖ over all rows: nil where the old one is zero and the new one is not.
  public var deltaNormRatio: Double? {
    let norms = deltaNorms
    if norms.old == norms.new { return 1 }
    return norms.old > 0 ? norms.new / norms.old : nil
  }

  /// The modules of the first pair of rows that are not at the same one.
  public var movedModule: (from: ByteString, to: ByteString)? {
    pairs.first { !$0.isAtSameModule }.map { ($0.old.module, $0.new.module) }
  }

  /// The tokens that the keys were taken from where these are not the same: as the spec names them (`last`, `subject`),
  /// by position where the name is the same. In another prompt another position alone is no other token.
  public var movedToken: (from: String, to: String)? {
    let isNamedAnew = ByteString(old.token) != ByteString(new.token)
    guard hasSamePrompt else { return isNamedAnew ? (old.token, new.token) : nil }
    guard let pair = pairs.first(where: { $0.old.position != $0.new.position }) else { return nil }
    return isNamedAnew ? (old.token, new.token) : ("\(pair.old.position)", "\(pair.new.position)")
  }

  public var isMoved: Bool { movedModule != nil || movedToken != nil }
}

extension MemoryRow {
  /// ‖k‖, summed in F64 in the order of the elements.
  public var keyNorm: Double { euclideanNorm(key) }

  /// ‖Δ‖, summed as `keyNorm` is.
  public var deltaNorm: Double { euclideanNorm(delta) }
}

package func euclideanNorm(_ vector: [Float]) -> Double {
  vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
}

package func scalarProduct(_ a: [Float], _ b: [Float]) -> Double {
  zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
}

/// (a · b) / (‖a‖ ‖b‖), nil where the widths differ or a norm is zero.
private func cosine(_ a: [Float], _ b: [Float]) -> Double? {
  guard a.count == b.count else { return nil }
  guard a != b else { return 1 }
  let norms = euclideanNorm(a) * euclideanNorm(b)
  return norms > 0 ? max(-1, min(1, scalarProduct(a, b) / norms)) : nil
}
