/// A validated safetensors header.
package struct SafetensorsHeader: Sendable {
  /// The entries of `__metadata__`, sorted by key; nil where the file has none.
  package var metadata: [(key: ByteString, value: ByteString)]?
  /// The tensors in the order of their data, without holes or overlaps.
  package var tensors: [TensorInfo] = []
  /// The offset of the data in the file.
  package var dataStart: Int

  /// The longest header that the reference validator takes.
  package static let lengthLimit = 100_000_000

  /// Validates in the reference validator's order (huggingface/safetensors, `tensor.rs`): length, cap, end within
  /// the file, UTF-8 and JSON, contiguous offsets, shape × dtype = span, last end = end of file.
  ///
  /// Stricter than that validator on duplicate names, entries in array form, unknown fields and a tensor named
  /// `__metadata__`.
  /// - Parameter dataCount: the number of bytes that belong behind the header; nil for those in `bytes`.
  /// - Throws: `FormatError` of the kind that is named after the reference validator's error.
  package init(
    validating bytes: UnsafeRawBufferPointer, dataCount: Int? = nil, location: String
  ) throws(FormatError) {
    let text = try Self.text(in: bytes, location: location)
    dataStart = 8 + text.count
    let root = try JSONDocument(text, location: "\(location): header", kind: Self.kind(of:)).root
    guard root.isObject else {
      throw FormatError(
        .invalidHeaderDeserialization, location, "the header is not a JSON object", got: root.kindDescription)
    }
    for (name, value) in root.members {
      if name == "__metadata__" {
        metadata = try Self.metadata(value)
      } else {
        tensors.append(try TensorInfo(name, value, location: location))
      }
    }
    tensors.sort {
      ($0.range.lowerBound, $0.range.upperBound, $0.name) < ($1.range.lowerBound, $1.range.upperBound, $1.name)
    }
    try checkLayout(dataCount: dataCount ?? bytes.count - dataStart, location: location)
  }

  /// The JSON text between the length and the data.
  private static func text(in bytes: UnsafeRawBufferPointer, location: String) throws(FormatError) -> [UInt8] {
    guard bytes.count >= 8 else {
      throw FormatError(
        .headerTooSmall, location, "too short for safetensors", expected: "at least 8 bytes",
        got: "\(bytes.count)")
    }
    let length64 = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard let length = Int(exactly: length64), length <= lengthLimit else {
      let start = bytes.prefix(8)
      if start.allSatisfy({ 0x20..<0x7F ~= $0 || "\t\n\r".utf8.contains($0) }) {
        throw FormatError(
          .headerTooLarge, location, "not safetensors but a text", expected: "a checkpoint",
          got: "\"\(String(decoding: start, as: UTF8.self).printable())…\"")
      }
      throw FormatError(
        .headerTooLarge, location, "not safetensors, or a header that is too long",
        expected: "at most \(lengthLimit) bytes", got: "\(length64)")
    }
    guard length <= bytes.count - 8 else {
      throw FormatError(
        .invalidHeaderLength, location, "the header ends beyond the file",
        expected: "at most \(bytes.count - 8) bytes", got: "\(length)")
    }
    let text = [UInt8](bytes[8..<(8 + length)])
    guard let first = text.first, "{ \t\n\r".utf8.contains(first) else {
      throw FormatError(.invalidHeader, location, "the header is not a JSON object")
    }
    return text
  }

  private static func kind(of rule: JSONParser.Rule) -> FormatError.Kind {
    switch rule {
    case .distinctKeys: .duplicateName
    case .encoding: .invalidHeader
    case .syntax: .invalidHeaderDeserialization
    }
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

  /// A shape as text for an error; a hostile one has millions of dimensions.
  private static func text(_ shape: [Int]) -> String {
    shape.count > 16 ? "of \(shape.count) dimensions" : "\(shape)"
  }

  /// The size of a tensor in bytes.
  ///
  /// - Throws: `FormatError` of kind `validationOverflow` or `misalignedSlice` where the elements do not fill whole bytes.
  package static func byteCount(_ shape: [Int], _ dtype: Dtype, location: String) throws(FormatError) -> Int {
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
