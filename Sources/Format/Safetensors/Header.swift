/// One tensor as a safetensors header describes it.
public struct TensorInfo: Sendable, Equatable {
  public var name: ByteString
  public var dtype: Dtype
  public var shape: [Int]
  /// Where its bytes are, counted from the start of the data.
  public var range: Range<Int>
}

/// A validated safetensors header.
public struct SafetensorsHeader: Sendable {
  /// The entries of `__metadata__`, sorted by key; nil where the file has none.
  public var metadata: [(key: ByteString, value: ByteString)]?
  /// In the order of their data, without holes or overlaps.
  public var tensors: [TensorInfo]
  /// Where the data starts in the file.
  public var dataStart: Int

  /// The reference validator's cap on the header's length.
  public static let lengthLimit = 100_000_000

  /// Validates in the reference validator's order (huggingface/safetensors, `tensor.rs`): length, cap, end within
  /// the file, UTF-8 and JSON, contiguous offsets, shape × dtype = span, last end = end of file. Stricter than it on
  /// duplicate names, entries in array form, unknown fields and a tensor named `__metadata__`.
  ///
  /// - Parameter dataCount: of the bytes that belong behind the header; nil for those that are there.
  public init(
    validating bytes: UnsafeRawBufferPointer, dataCount: Int? = nil, location: String
  ) throws(FormatError) {
    guard bytes.count >= 8 else {
      throw FormatError(
        .headerTooSmall, location, "too short for safetensors", expected: "at least 8 bytes",
        got: "\(bytes.count)")
    }
    let length64 = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard let length = Int(exactly: length64), length <= Self.lengthLimit else {
      throw FormatError(
        .headerTooLarge, location, "not safetensors, or a header that is too long",
        expected: "at most \(Self.lengthLimit) bytes", got: "\(length64)")
    }
    guard length <= bytes.count - 8 else {
      throw FormatError(
        .invalidHeaderLength, location, "the header ends beyond the file",
        expected: "at most \(bytes.count - 8) bytes", got: "\(length)")
    }
    let text = [UInt8](bytes[8..<(8 + length)])
    guard
      text.first == UInt8(ascii: "{") || text.first.map({ [0x20, 0x09, 0x0A, 0x0D].contains($0) }) == true
    else {
      throw FormatError(.invalidHeader, location, "the header is not a JSON object")
    }
    let document: JSONDocument
    do {
      document = try JSONDocument(text, location: "\(location): header")
    } catch {
      // Duplicates first: theirs is the one message that quotes the file.
      let kind: FormatError.Kind =
        error.problem.contains("stands twice")
        ? .duplicateName : error.problem.contains("UTF-8") ? .invalidHeader : .invalidHeaderDeserialization
      throw FormatError(kind, error.location, error.problem)
    }
    dataStart = 8 + length
    metadata = nil
    tensors = []
    guard document.root.isObject else {
      throw FormatError(
        .invalidHeaderDeserialization, location, "the header is not a JSON object",
        got: document.root.kindDescription)
    }
    for (name, value) in document.root.members {
      if name == "__metadata__" {
        metadata = try Self.metadata(value)
      } else {
        tensors.append(try Self.tensor(name, value, location: location))
      }
    }
    tensors.sort {
      ($0.range.lowerBound, $0.range.upperBound, $0.name) < (
        $1.range.lowerBound, $1.range.upperBound, $1.name
      )
    }
    try checkLayout(dataCount: dataCount ?? bytes.count - dataStart, location: location)
  }

  private static func metadata(
    _ value: JSONValue
  ) throws(FormatError) -> [(key: ByteString, value: ByteString)]? {
    if value.isNull { return nil }
    guard value.isObject else {
      throw FormatError(
        .invalidHeaderDeserialization, value.location, "not an object", got: value.kindDescription)
    }
    var entries: [(key: ByteString, value: ByteString)] = []
    for (key, value) in value.members {
      guard let text = value.stringBytes else {
        throw FormatError(
          .invalidHeaderDeserialization, value.location, "not a string", got: value.kindDescription)
      }
      entries.append((key, ByteString(text)))
    }
    return entries.sorted { $0.key < $1.key }
  }

  private static func tensor(_ name: ByteString, _ value: JSONValue, location: String) throws(FormatError)
    -> TensorInfo
  {
    func wrong(_ problem: String, _ got: JSONValue?) -> FormatError {
      FormatError(
        .invalidHeaderDeserialization, "\(location): tensor \(name)", problem,
        got: got?.kindDescription ?? "nothing")
    }
    guard value.isObject else { throw wrong("the entry is not an object", value) }
    for (key, value) in value.members where !["dtype", "shape", "data_offsets"].contains(key) {
      throw wrong("unknown field \(key)", value)
    }
    guard let dtype = value["dtype"]?.string.flatMap(Dtype.init) else {
      throw wrong("unknown dtype", value["dtype"])
    }
    guard let shapeValue = value["shape"], shapeValue.isArray else {
      throw wrong("shape is not an array", value["shape"])
    }
    var shape: [Int] = []
    // Without the path that each of `elements` has: a hostile shape has millions.
    try shapeValue.forEachElement { element throws(FormatError) in
      guard let dimension = element.int, dimension >= 0 else {
        throw wrong("a dimension is not a non-negative integer", element)
      }
      shape.append(dimension)
    }
    guard let offsets = value["data_offsets"], offsets.isArray, offsets.count == 2 else {
      throw wrong("data_offsets is not a pair", value["data_offsets"])
    }
    let ends = offsets.elements
    guard let start = ends[0].int, start >= 0, let end = ends[1].int, end >= 0 else {
      throw wrong("an offset is not a non-negative integer", offsets)
    }
    guard end >= start else {
      throw FormatError(
        .invalidOffset, "\(location): tensor \(name)", "ends before it starts", got: "\(start) to \(end)")
    }
    return TensorInfo(name: name, dtype: dtype, shape: shape, range: start..<end)
  }

  private func checkLayout(dataCount: Int, location: String) throws(FormatError) {
    var end = 0
    for tensor in tensors {
      let tensorLocation = "\(location): tensor \(tensor.name)"
      guard tensor.range.lowerBound == end else {
        throw FormatError(
          .invalidOffset, tensorLocation,
          tensor.range.lowerBound < end ? "overlaps another tensor" : "leaves a hole before it",
          expected: "start \(end)", got: "\(tensor.range.lowerBound)")
      }
      end = tensor.range.upperBound
      let size = try Self.byteCount(tensor.shape, tensor.dtype, location: tensorLocation)
      guard size == tensor.range.count else {
        throw FormatError(
          .tensorInvalidInfo, tensorLocation,
          "its bytes do not fit its shape \(Self.text(tensor.shape)) of \(tensor.dtype.rawValue)",
          expected: "\(size) bytes", got: "\(tensor.range.count)")
      }
    }
    guard end == dataCount else {
      throw FormatError(
        .metadataIncompleteBuffer, location,
        end > dataCount ? "the file is cut short" : "bytes follow the last tensor",
        expected: "\(end) bytes of data", got: "\(dataCount)")
    }
  }

  /// A shape for an error line; a hostile one has millions of dimensions.
  private static func text(_ shape: [Int]) -> String {
    shape.count > 16 ? "of \(shape.count) dimensions" : "\(shape)"
  }

  /// The size of a tensor in bytes.
  ///
  /// - Throws: `FormatError` where the product overflows or does not fill whole bytes.
  public static func byteCount(_ shape: [Int], _ dtype: Dtype, location: String) throws(FormatError) -> Int {
    var count = dtype.bits
    for dimension in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
      guard !overflow else {
        throw FormatError(.validationOverflow, location, "the shape \(text(shape)) is too large")
      }
      count = product
    }
    guard count % 8 == 0 else {
      throw FormatError(
        .misalignedSlice, location, "the shape \(text(shape)) of \(dtype.rawValue) does not fill whole bytes")
    }
    return count / 8
  }
}
