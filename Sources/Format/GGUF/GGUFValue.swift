/// The metadata types of GGUF with their codes in the file.
enum GGUFValueType: UInt32, Sendable {
  case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

  /// The size of a number, or of an empty string or array: its length fields.
  var minimumByteCount: Int {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64, .string: 8
    case .array: 12
    }
  }
}

/// A metadata value; strings and arrays as their validated ranges in the file.
enum GGUFValue: Sendable {
  case unsigned(UInt64)
  case signed(Int64)
  case float(Float)
  case double(Double)
  case bool(Bool)
  case string(Range<Int>)
  case array(GGUFArray)

  /// The value's kind, for error messages.
  var kindDescription: String {
    switch self {
    case .unsigned(let value): "the integer \(value)"
    case .signed(let value): "the integer \(value)"
    case .float(let value): "the number \(value)"
    case .double(let value): "the number \(value)"
    case .bool(let value): "\(value)"
    case .string: "a string"
    case .array(let array): "an array of \(array.count) elements of type \(array.element)"
    }
  }
}

/// An array of `count` elements in the bytes `range` of the file.
struct GGUFArray: Sendable {
  let element: GGUFValueType
  let count: Int
  let range: Range<Int>
}

// MARK: - Typed access

extension GGUFContainer {
  private func wrongType(_ key: String, _ expected: String, _ value: GGUFValue) -> FormatError {
    FormatError(
      .gguf, "\(location): \(key)", "the value has the wrong type", expected: expected,
      got: value.kindDescription)
  }

  /// The error for a key that must be there.
  func missing(_ key: String) -> FormatError { FormatError(.gguf, location, "the key \(key) is missing") }

  /// An integer of any width that fits; nil where the key is absent.
  func integer(_ key: String) throws(FormatError) -> Int? {
    guard let value = metadata[ByteString(key)] else { return nil }
    switch value {
    case .unsigned(let number): if let int = Int(exactly: number) { return int }
    case .signed(let number): if let int = Int(exactly: number) { return int }
    case .array(let array) where array.element == .int32 || array.element == .uint32:
      // One for each layer.
      let all = try integers(key) ?? []
      guard let first = all.first else { break }
      if let other = all.first(where: { $0 != first }) {
        throw FormatError(
          .gguf, "\(location): \(key)", "not supported where it differs from layer to layer", expected: "\(first)",
          got: "\(other)")
      }
      return first
    default: break
    }
    throw wrongType(key, "an integer", value)
  }

  /// A positive integer below 2³¹, so that products of two cannot overflow; nil where the key is absent.
  func dimension(_ key: String) throws(FormatError) -> Int? {
    guard let value = try integer(key) else { return nil }
    guard value > 0, value <= Int(Int32.max) else {
      throw FormatError(
        .gguf, "\(location): \(key)", "the value is out of range", expected: "1 to \(Int32.max)", got: "\(value)"
      )
    }
    return value
  }

  /// `dimension`, nil also for 0 where that says that there is none.
  func dimensionUnlessZero(_ key: String) throws(FormatError) -> Int? {
    try integer(key) == 0 ? nil : dimension(key)
  }

  func requiredDimension(_ key: String) throws(FormatError) -> Int {
    guard let value = try dimension(key) else { throw missing(key) }
    return value
  }

  /// A finite positive number; nil where the key is absent.
  func positive(_ key: String) throws(FormatError) -> Float? {
    guard let value = metadata[ByteString(key)] else { return nil }
    let number: Float
    switch value {
    case .float(let float): number = float
    case .double(let double): number = Float(double)
    default: throw wrongType(key, "a number", value)
    }
    guard number.isFinite, number > 0 else {
      throw FormatError(
        .gguf, "\(location): \(key)", "the value is out of range", expected: "a finite number above 0",
        got: "\(number)")
    }
    return number
  }

  /// `positive`, nil also for 0, which files write where a factor or a cap is not used.
  func positiveUnlessZero(_ key: String) throws(FormatError) -> Float? {
    switch metadata[ByteString(key)] {
    case .float(0), .double(0): return nil
    default: return try positive(key)
    }
  }

  func bool(_ key: String) throws(FormatError) -> Bool? {
    guard let value = metadata[ByteString(key)] else { return nil }
    guard case .bool(let bool) = value else { throw wrongType(key, "a Boolean", value) }
    return bool
  }

  func string(_ key: String) throws(FormatError) -> String? {
    guard let value = metadata[ByteString(key)] else { return nil }
    guard case .string(let range) = value else { throw wrongType(key, "a string", value) }
    return try text(range, key)
  }

  /// The elements of an array of strings, each valid UTF-8; nil where the key is absent. An empty array may be one of
  /// anything.
  func strings(_ key: String) throws(FormatError) -> [String]? {
    guard let value = metadata[ByteString(key)] else { return nil }
    if case .array(let array) = value, array.count == 0 { return [] }
    guard case .array(let array) = value, array.element == .string else {
      throw wrongType(key, "an array of strings", value)
    }
    var cursor = cursor(at: array.range)
    var result: [String] = []
    result.reserveCapacity(array.count)
    for index in 0..<array.count {
      let range = try cursor.string(key)
      let start = array.range.lowerBound
      result.append(try text((start + range.lowerBound)..<(start + range.upperBound), "\(key)[\(index)]"))
    }
    return result
  }

  /// The elements of an array of 32-bit integers; nil where the key is absent.
  func integers(_ key: String) throws(FormatError) -> [Int]? {
    try words(key, [.int32, .uint32], "integers")?.map { $1 == .int32 ? Int(Int32(bitPattern: $0)) : Int($0) }
  }

  /// The elements of an array of 32-bit floats; nil where the key is absent.
  func floats(_ key: String) throws(FormatError) -> [Float]? {
    try words(key, [.float32], "floats")?.map { Float(bitPattern: $0.bits) }
  }

  /// The elements of an array of Booleans; nil where the key is absent or has another value.
  func bools(_ key: String) throws(FormatError) -> [Bool]? {
    guard case .array(let array) = metadata[ByteString(key)], array.element == .bool else { return nil }
    return file.withBytes { bytes in bytes[array.range].map { $0 != 0 } }
  }

  /// The bits of an array's 32-bit elements, which have one of `types`; nil where the key is absent.
  private func words(
    _ key: String, _ types: [GGUFValueType], _ name: String
  ) throws(FormatError) -> [(bits: UInt32, type: GGUFValueType)]? {
    guard let value = metadata[ByteString(key)] else { return nil }
    if case .array(let array) = value, array.count == 0 { return [] }
    guard case .array(let array) = value, types.contains(array.element) else {
      throw wrongType(key, "an array of 32-bit \(name)", value)
    }
    var cursor = cursor(at: array.range)
    var result: [(bits: UInt32, type: GGUFValueType)] = []
    result.reserveCapacity(array.count)
    for _ in 0..<array.count { result.append((try cursor.integer(UInt32.self, key), array.element)) }
    return result
  }

  private func text(_ range: Range<Int>, _ what: String) throws(FormatError) -> String {
    guard let text = String(validating: file.bytes[range], as: UTF8.self) else {
      throw FormatError(.gguf, "\(location): \(what)", "the string is not UTF-8")
    }
    return text
  }

  private func cursor(at range: Range<Int>) -> GGUFCursor {
    GGUFCursor(bytes: UnsafeRawBufferPointer(rebasing: file.bytes[range]), location: location)
  }
}
