/// Makes the header of a safetensors file.
enum HeaderWriter {
  /// The longest header that released readers (huggingface_hub, huggingface.js) take.
  static let lengthLimit = 25_000_000
  /// The lengths that some of them wrongly take for over their limit.
  private static let misjudgedLengths = 99_994...100_000
  /// The modulus in which copied data keeps its offset, so that file systems can share whole blocks of it. The spaces that
  /// this takes are room for the header to grow while the data stays where it is.
  static let granularity = 64 << 10

  /// The length and the JSON text, padded with spaces.
  ///
  /// - Parameters:
  ///   - room: bytes by which the text may still grow.
  ///   - start: the offset, in its own file, of the data that will follow the header; nil where it is in none.
  /// - Throws: `FormatError` of kind `headerTooLarge` or `validationOverflow`.
  static func bytes(
    _ tensors: [Tensor], metadata: [ByteString: ByteString], room: Int = 0, behind start: Int? = nil, location: String
  ) throws(FormatError) -> [UInt8] {
    var text = try text(tensors, metadata: metadata, location: location)
    let count = text.count + room
    var end = 8 + count + 8 - count % 8
    if let start, start % 8 == 0 {
      let shared = end + ((start - end) % granularity + granularity) % granularity
      if shared - 8 <= lengthLimit { end = shared }
      if misjudgedLengths.contains(end - 8) { end += granularity }
    } else if misjudgedLengths.contains(end - 8) {
      end += 8
    }
    guard end - 8 <= lengthLimit else {
      throw FormatError(
        .headerTooLarge, location, "the header would be refused by other readers",
        expected: "at most \(lengthLimit) bytes", got: "\(end - 8)")
    }
    text += [UInt8](repeating: 0x20, count: end - 8 - text.count)
    return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
  }

  private static func text(
    _ tensors: [Tensor], metadata: [ByteString: ByteString], location: String
  ) throws(FormatError) -> [UInt8] {
    var members: [(String, JSONNode)] = []
    if !metadata.isEmpty {
      let sorted = metadata.sorted { $0.key < $1.key }
      members.append(
        ("__metadata__", .object(sorted.map { ($0.key.description, .string($0.value.description)) })))
    }
    var offset = 0
    for tensor in tensors {
      let (end, overflow) = offset.addingReportingOverflow(tensor.byteCount)
      guard !overflow else { throw FormatError(.validationOverflow, location, "more than 2⁶³ bytes") }
      let entry: JSONNode = [
        "dtype": .string(tensor.dtype.rawValue), "shape": .array(tensor.shape.map(JSONNode.int)),
        "data_offsets": [.int(offset), .int(end)],
      ]
      members.append((tensor.name.description, entry))
      offset = end
    }
    return JSONNode.object(members).bytes()
  }
}
