import Format

/// Texts cut to a number of columns so that those of one beginning still differ.
struct DistinctTexts {
  /// Columns of the common beginning that are kept.
  private static let head = 20
  /// Characters kept of what stands before the first difference.
  private static let lead = 8

  let texts: [String]

  /// - Parameters:
  ///   - texts: of any characters; controls are escaped.
  ///   - columns: at least 40.
  init(_ texts: [String], columns: Int) {
    let texts = texts.map { $0.printable(limit: .max) }
    // In their order, a text shares its longest beginning with a neighbor.
    let sorted = Set(texts).sorted()
    let places = Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ($1, $0) })
    self.texts = texts.map { text in
      guard text.columns > columns, let place = places[text] else { return text }
      let neighbors = [place - 1, place + 1].filter(sorted.indices.contains).map { sorted[$0] }
      let shared = neighbors.map { text.sharedBeginning(with: $0) }.max { $0.count < $1.count } ?? ""
      guard shared.columns > columns - Self.lead else { return text.fitted(to: columns) }
      let tail = String(text.dropFirst(shared.count - Self.lead))
      let cut = text.prefix(Self.head) + "…" + tail
      return cut.columns > columns ? String(cut).fitted(to: columns) : String(cut)
    }
  }
}

extension String {
  fileprivate func sharedBeginning(with other: String) -> Substring {
    prefix(zip(self, other).prefix { $0 == $1 }.count)
  }
}
