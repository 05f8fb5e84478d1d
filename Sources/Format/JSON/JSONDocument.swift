/// A parsed JSON text (RFC 8259, UTF-8, no extensions), kept as its bytes and a flat list of nodes.
///
/// Strings are decoded on demand, so that parsing a tokenizer of a hundred thousand strings allocates two arrays. Keys
/// are bytes; an object that has a key twice is an error, since readers disagree on which of the two counts.
public final class JSONDocument: Sendable {
  struct Node {
    enum Kind: UInt8 { case null, `true`, `false`, number, string, escapedString, array, object }
    var kind: Kind
    /// For strings and numbers the range of their bytes, without quotes; for arrays and objects the number of elements or
    /// pairs, and the index behind the last node inside. 32 bits each, so that a node takes 12 bytes: a file may have a
    /// node per byte.
    private var first: UInt32
    private var second: UInt32

    /// - Parameter bytes: a range of a text whose length `JSONParser` has checked.
    init(_ kind: Kind, bytes: Range<Int>) {
      self.kind = kind
      first = UInt32(bytes.lowerBound)
      second = UInt32(bytes.upperBound)
    }

    init(_ kind: Kind, count: Int, next: Int) { self.init(kind, bytes: count..<next) }

    private var isContainer: Bool { kind == .array || kind == .object }
    var bytes: Range<Int> { Int(first)..<Int(second) }
    var count: Int { isContainer ? Int(first) : 0 }
    /// The index of the node behind this one, which is at `index`, and behind all nodes inside.
    func next(at index: Int) -> Int { isContainer ? Int(second) : index + 1 }
  }

  let bytes: [UInt8]
  let nodes: [Node]
  /// The document's name in error messages: a file, or a file and a tensor in it.
  public let location: String

  /// The deepest nesting that is read, as in the reference reader, so that no input exhausts the stack.
  public static let depthLimit = 128

  /// Parses a text.
  ///
  /// - Throws: `FormatError` of kind `json`, with the byte offset of the first violation.
  public convenience init(_ bytes: [UInt8], location: String) throws(FormatError) {
    try self.init(bytes, location: location) { _ in .json }
  }

  /// Parses a text, with another error kind per broken rule.
  init(
    _ bytes: [UInt8], location: String, kind: @escaping (JSONParser.Rule) -> FormatError.Kind
  ) throws(FormatError) {
    var parser = JSONParser(bytes: bytes, location: location, kind: kind)
    nodes = try parser.parse()
    self.bytes = bytes
    self.location = location
  }

  /// Reads and parses the file at `path`.
  public convenience init(path: String) throws(FormatError) {
    let file = try MappedFile(path: path)
    try self.init(file.contents, location: path)
  }

  public var root: JSONValue { JSONValue(document: self, index: 0, path: "") }
}
