/// Rows of texts under named columns, written as comma-separated values (RFC 4180).
struct DataTable {
  let columns: [String]
  private(set) var rows: [[String]]

  /// - Parameter rows: one text per column each.
  init(_ columns: [String], _ rows: [[String]]) {
    (self.columns, self.rows) = (columns, rows)
  }

  var csv: String {
    ([columns] + rows).map { $0.map(Self.quoted).joined(separator: ",") + "\n" }.joined()
  }

  /// A value between quotes where it holds what separates values.
  private static func quoted(_ value: String) -> String {
    guard value.utf8.contains(where: { [UInt8(ascii: ","), UInt8(ascii: "\""), 10, 13].contains($0) }) else {
      return value
    }
    return "\"" + value.replacing("\"", with: "\"\"") + "\""
  }
}
