/// A memory that differs between two checkpoints.
public struct MemoryChange: Sendable {
  public var old: Memory
  public var new: Memory

  /// The rows of one index in both memories.
  public struct RowPair: Sendable {
    public var old: MemoryRow
    public var new: MemoryRow

    /// Whether keys and deltas are comparable: at another module their axes mean something else.
    public var isAtSameModule: Bool { old.module == new.module }
    /// Whether both act at the same activations: region and cues are the same.
    public var hasSameRegion: Bool {
      isAtSameModule && old.storedKey == new.storedKey && old.boundary == new.boundary && old.hardness == new.hardness
        && old.cues == new.cues
    }
    /// Whether the tables hold the same row, whatever the manifests say of it.
    public var actsTheSame: Bool { hasSameRegion && old.storedDelta == new.storedDelta }
    /// The cosine between the keys, 1 where they are equal, nil where they are not comparable.
    public var keyCosine: Double? { isAtSameModule ? cosine(old.key, new.key) : nil }
    /// The cosine between the deltas, 1 where they are equal, nil where they are not comparable or one is zero.
    public var deltaCosine: Double? { isAtSameModule ? cosine(old.delta, new.delta) : nil }
  }

  public var pairs: [RowPair] { zip(old.rows, new.rows).map { RowPair(old: $0, new: $1) } }

  /// Whether the tables hold the same rows, so that the model answers as before.
  public var actsTheSame: Bool { old.rows.count == new.rows.count && pairs.allSatisfy(\.actsTheSame) }

  /// Whether prompt, target and every row are the same; scores and entry may differ.
  var isNone: Bool {
    hasSamePrompt && ByteString(old.target) == ByteString(new.target) && old.targetIDs == new.targetIDs
      && old.rows == new.rows
  }

  public var hasSamePrompt: Bool { ByteString(old.prompt) == ByteString(new.prompt) }

  /// The least cosine between the keys of paired rows; nil where no pair is comparable.
  public var keyCosine: Double? { pairs.compactMap(\.keyCosine).min() }

  /// The least cosine between the deltas of paired rows; nil where no pair is comparable.
  public var deltaCosine: Double? { pairs.compactMap(\.deltaCosine).min() }

  /// ‖Δ‖ over all rows.
  public var deltaNorms: (old: Double, new: Double) {
    (euclideanNorm(old.rows.flatMap(\.delta)), euclideanNorm(new.rows.flatMap(\.delta)))
  }

  /// ‖Δ new‖ / ‖Δ old‖ over all rows; nil where only the old norm is zero.
  public var deltaNormRatio: Double? {
    let norms = deltaNorms
    if norms.old == norms.new { return 1 }
    return norms.old > 0 ? norms.new / norms.old : nil
  }

  /// The modules of the first pair of rows at different modules; nil where there is none.
  public var movedModule: (from: ByteString, to: ByteString)? {
    pairs.first { !$0.isAtSameModule }.map { ($0.old.module, $0.new.module) }
  }

  /// The tokens that the keys were made from, as the spec names them (`last`, `subject`), by position where the names are
  /// equal; nil where they are the same. In another prompt, another position alone is no other token.
  public var movedToken: (from: String, to: String)? {
    let isNamedAnew = ByteString(old.token) != ByteString(new.token)
    guard hasSamePrompt else { return isNamedAnew ? (old.token, new.token) : nil }
    guard let pair = pairs.first(where: { $0.old.position != $0.new.position }) else { return nil }
    return isNamedAnew ? (old.token, new.token) : ("\(pair.old.position)", "\(pair.new.position)")
  }

  public var isMoved: Bool { movedModule != nil || movedToken != nil }
}
