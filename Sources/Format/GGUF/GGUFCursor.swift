/// A reader of little-endian GGUF fields one after the other, each checked against the rest of the file.
struct GGUFCursor {
  let bytes: UnsafeRawBufferPointer
  let location: String
  private(set) var position = 0

  /// The deepest nesting of arrays that is read, so that no file exhausts the stack.
  static let depthLimit = 4

  init(bytes: UnsafeRawBufferPointer, location: String) {
    self.bytes = bytes
    self.location = location
  }

  var remaining: Int { bytes.count - position }

  /// Moves past `count` bytes and returns their range.
  mutating func take(_ count: Int, _ what: String) throws(FormatError) -> Range<Int> {
    guard count >= 0, count <= remaining else {
      throw FormatError(
        .gguf, location, "the file ends within \(what) at byte \(position)", expected: "\(count) bytes",
        got: "\(remaining)")
    }
    defer { position += count }
    return position..<(position + count)
  }

  mutating func integer<T: FixedWidthInteger>(_ type: T.Type, _ what: String) throws(FormatError) -> T {
    let range = try take(MemoryLayout<T>.size, what)
    return T(littleEndian: bytes.loadUnaligned(fromByteOffset: range.lowerBound, as: T.self))
  }

  /// Reads a count of things that take at least `minimum` bytes each, hence bounded by the rest of the file.
  mutating func count(_ what: String, minimum: Int) throws(FormatError) -> Int {
    let claimed = try integer(UInt64.self, what)
    guard let count = Int(exactly: claimed), count <= remaining / minimum else {
      throw FormatError(
        .gguf, location, "\(what) claims more than the file holds", expected: "at most \(remaining / minimum)",
        got: "\(claimed)")
    }
    return count
  }

  /// Reads a string with its length in front and returns the range of its bytes.
  mutating func string(_ what: String) throws(FormatError) -> Range<Int> {
    let length = try self.count("the length of \(what)", minimum: 1)
    return try take(length, what)
  }

  /// Reads a metadata value with its type in front.
  mutating func typedValue(_ what: String, depth: Int = 0) throws(FormatError) -> GGUFValue {
    let type = try valueType(what)
    return try value(type, what, depth: depth)
  }

  private mutating func valueType(_ what: String) throws(FormatError) -> GGUFValueType {
    let code = try integer(UInt32.self, "the type of \(what)")
    guard let type = GGUFValueType(rawValue: code) else {
      throw FormatError(.gguf, location, "\(what) has an unknown type", expected: "0 to 12", got: "\(code)")
    }
    return type
  }

  private mutating func value(
    _ type: GGUFValueType, _ what: String, depth: Int
  ) throws(FormatError) -> GGUFValue {
    switch type {
    case .uint8: .unsigned(UInt64(try integer(UInt8.self, what)))
    case .uint16: .unsigned(UInt64(try integer(UInt16.self, what)))
    case .uint32: .unsigned(UInt64(try integer(UInt32.self, what)))
    case .uint64: .unsigned(try integer(UInt64.self, what))
    case .int8: .signed(Int64(try integer(Int8.self, what)))
    case .int16: .signed(Int64(try integer(Int16.self, what)))
    case .int32: .signed(Int64(try integer(Int32.self, what)))
    case .int64: .signed(try integer(Int64.self, what))
    case .float32: .float(Float(bitPattern: try integer(UInt32.self, what)))
    case .float64: .double(Double(bitPattern: try integer(UInt64.self, what)))
    case .bool: .bool(try bool(what))
    case .string: .string(try string(what))
    case .array: .array(try array(what, depth: depth))
    }
  }

  private mutating func bool(_ what: String) throws(FormatError) -> Bool {
    let byte = try integer(UInt8.self, what)
    guard byte <= 1 else {
      throw FormatError(.gguf, location, "\(what) is not a Boolean", expected: "0 or 1", got: "\(byte)")
    }
    return byte == 1
  }

  private mutating func array(_ what: String, depth: Int) throws(FormatError) -> GGUFArray {
    guard depth < Self.depthLimit else {
      throw FormatError(.gguf, location, "\(what) nests arrays deeper than \(Self.depthLimit)")
    }
    let type = try valueType("the elements of \(what)")
    let count = try self.count("the length of \(what)", minimum: type.minimumByteCount)
    let start = position
    switch type {
    case .string:
      for _ in 0..<count { _ = try string(what) }
    case .array:
      for _ in 0..<count { _ = try array(what, depth: depth + 1) }
    case .bool:
      for _ in 0..<count { _ = try bool(what) }
    default:
      _ = try take(count * type.minimumByteCount, what)
    }
    return GGUFArray(element: type, count: count, range: start..<position)
  }
}
