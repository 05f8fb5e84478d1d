/// A value inside a `JSONDocument`; cheap to copy.
public struct JSONValue: Sendable {
  let document: JSONDocument
  let index: Int
  /// The path in the document, for error messages: `memories[3].target`.
  let path: String

  private var node: JSONDocument.Node { document.nodes[index] }

  /// The document's location and the path in it.
  public var location: String { path.isEmpty ? document.location : "\(document.location): \(path)" }

  public var isNull: Bool { node.kind == .null }
  public var isObject: Bool { node.kind == .object }
  public var isArray: Bool { node.kind == .array }

  public var bool: Bool? {
    switch node.kind {
    case .true: true
    case .false: false
    default: nil
    }
  }

  /// The bytes of a string with its escapes resolved; nil for other kinds.
  public var stringBytes: [UInt8]? {
    switch node.kind {
    case .string: Array(document.bytes[node.bytes])
    case .escapedString: JSONParser.unescape(document.bytes[node.bytes])
    default: nil
    }
  }

  /// A string with its escapes resolved; nil for other kinds.
  public var string: String? {
    switch node.kind {
    case .string: String(decoding: document.bytes[node.bytes], as: UTF8.self)
    case .escapedString: stringBytes.map { String(decoding: $0, as: UTF8.self) }
    default: nil
    }
  }

  /// Calls `body` with the bytes of a string without copying them where it has no escapes; nil for other kinds.
  public func withStringBytes<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) -> R? {
    let node = node
    switch node.kind {
    case .string:
      return document.bytes.withUnsafeBufferPointer {
        body(UnsafeBufferPointer(rebasing: $0[node.bytes]))
      }
    case .escapedString:
      return JSONParser.unescape(document.bytes[node.bytes]).withUnsafeBufferPointer(body)
    default: return nil
    }
  }

  /// A number as the text spells it; nil for other kinds.
  public var numberText: String? {
    node.kind == .number ? String(decoding: document.bytes[node.bytes], as: UTF8.self) : nil
  }

  public var double: Double? { numberText.flatMap(Double.init) }

  /// A number spelled as an integer (no fraction, no exponent, not `-0`) that fits; nil for all other values.
  public var int: Int? {
    guard node.kind == .number else { return nil }
    var position = node.bytes.lowerBound
    let negative = document.bytes[position] == UInt8(ascii: "-")
    if negative { position += 1 }
    var value = 0
    while position < node.bytes.upperBound {
      guard let digit = document.bytes[position].decimalDigit else { return nil }
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow2) = product.addingReportingOverflow(negative ? -digit : digit)
      if overflow || overflow2 { return nil }
      value = sum
      position += 1
    }
    return negative && value == 0 ? nil : value
  }

  /// The number of elements or of key–value pairs; 0 for scalars.
  public var count: Int { node.count }

  /// The elements of an array, empty for other kinds.
  public var elements: [JSONValue] {
    guard node.kind == .array else { return [] }
    var result: [JSONValue] = []
    result.reserveCapacity(node.count)
    var child = index + 1
    for i in 0..<node.count {
      result.append(JSONValue(document: document, index: child, path: "\(path)[\(i)]"))
      child = document.nodes[child].next(at: child)
    }
    return result
  }

  /// Calls `body` with each element of an array in order, building no paths: for long arrays.
  public func forEachElement(_ body: (JSONValue) throws(FormatError) -> Void) throws(FormatError) {
    guard node.kind == .array else { return }
    var child = index + 1
    for _ in 0..<node.count {
      try body(JSONValue(document: document, index: child, path: path))
      child = document.nodes[child].next(at: child)
    }
  }

  /// Calls `body` with each key and value of an object in order, building no paths: for large objects.
  public func forEachMember(
    _ body: (_ key: JSONValue, _ value: JSONValue) throws(FormatError) -> Void
  ) throws(FormatError) {
    guard node.kind == .object else { return }
    var child = index + 1
    for _ in 0..<node.count {
      try body(
        JSONValue(document: document, index: child, path: path),
        JSONValue(document: document, index: child + 1, path: path))
      child = document.nodes[child + 1].next(at: child + 1)
    }
  }

  /// The key–value pairs of an object in the order of the text, empty for other kinds.
  public var members: [(key: ByteString, value: JSONValue)] {
    guard node.kind == .object else { return [] }
    var result: [(key: ByteString, value: JSONValue)] = []
    result.reserveCapacity(node.count)
    var child = index + 1
    for _ in 0..<node.count {
      let key = ByteString(JSONValue(document: document, index: child, path: path).stringBytes ?? [])
      let valuePath = path.isEmpty ? "\(key)" : "\(path).\(key)"
      result.append((key, JSONValue(document: document, index: child + 1, path: valuePath)))
      child = document.nodes[child + 1].next(at: child + 1)
    }
    return result
  }

  /// The value of `key`; nil where this is not an object or has no such key.
  public subscript(key: String) -> JSONValue? {
    guard node.kind == .object else { return nil }
    var child = index + 1
    for _ in 0..<node.count {
      let name = JSONValue(document: document, index: child, path: path)
      if name.withStringBytes({ $0.elementsEqual(key.utf8) }) == true {
        return JSONValue(document: document, index: child + 1, path: path.isEmpty ? key : "\(path).\(key)")
      }
      child = document.nodes[child + 1].next(at: child + 1)
    }
    return nil
  }

  /// The value's kind, for error messages: `the number 3`.
  public var kindDescription: String {
    switch node.kind {
    case .null: "null"
    case .true: "true"
    case .false: "false"
    case .number: "the number \((numberText ?? "").printable(limit: 40))"
    case .string, .escapedString: "the string \"\((string ?? "").printable(limit: 40))\""
    case .array: "an array of \(node.count)"
    case .object: "an object of \(node.count) entries"
    }
  }
}

extension UInt8 {
  var decimalDigit: Int? { self >= 0x30 && self <= 0x39 ? Int(self) - 0x30 : nil }
}
