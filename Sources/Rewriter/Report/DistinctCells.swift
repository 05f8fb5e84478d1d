import Format

/// Texts cut to a table's column so that those of one beginning still differ.
struct DistinctCells {
  /// Columns of the common beginning that are kept.
  private static let head = 20
  /// Columns kept of what stands before the first difference.
  private static let lead = 8

  let cells: [String]

  /// - Parameter columns: the column's width, at least 40; texts are filled with spaces or cut to it.
  init(_ texts: [String], columns: Int) {
    cells = texts.map { text in
      let others = texts.filter { $0 != text }
      let shared = others.map { text.commonPrefix(with: $0) }.max { $0.columns < $1.columns } ?? ""
      guard text.columns > columns, shared.columns > columns - Self.lead else { return text.fitted(to: columns) }
      let tail = text.dropFirst(shared.count - Self.lead)
      return (String(text.prefix(Self.head)) + "…" + tail).fitted(to: columns)
    }
  }
}

extension String {
  fileprivate func commonPrefix(with other: String) -> String {
    String(zip(self, other).prefix { $0 == $1 }.map(\.0))
  }
}
