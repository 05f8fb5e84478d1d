/// A tensor as a GGUF file describes it.
struct GGUFTensorInfo: Sendable {
  var name: ByteString
  var type: GGMLType
  /// Slowest dimension first, as in PyTorch: GGUF's own order reversed.
  var shape: [Int]
  /// The file that holds it, and the range of its bytes there.
  var file: MappedFile
  var range: Range<Int>

  /// The tensor, for error messages.
  var location: String { "\(file.path): tensor \(name)" }

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    file.withBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
  }
}

/// A mapped and validated GGUF file (version 2 or 3, little endian), or several that a model is split into: metadata and
/// tensors.
struct GGUFContainer: Sendable {
  /// The file of the metadata.
  let file: MappedFile
  /// The paths of all files.
  private(set) var paths: [String]
  /// The path of the metadata's file, for error messages.
  var location: String { file.path }
  private(set) var metadata: [ByteString: GGUFValue] = [:]
  private(set) var tensors: [ByteString: GGUFTensorInfo] = [:]

  /// ggml's limit on a tensor's rank.
  static let rankLimit = 4
  static let alignmentLimit = 1 << 24

  /// Maps and validates one file.
  ///
  /// - Throws: `FormatError` of kind `missing` or `unreadable` where there is no such file, else of kind `gguf`.
  init(file path: String) throws(FormatError) {
    file = try MappedFile(path: path)
    paths = [path]
    var cursor = GGUFCursor(bytes: file.bytes, location: path)
    try Self.checkMagic(&cursor)
    let tensorCount = try cursor.integer(UInt64.self, "the number of tensors")
    // The least size of an entry: key, type and value; of a tensor: name, rank, type and offset.
    let entryCount = try cursor.count("the number of metadata entries", minimum: 8 + 4 + 1)
    for _ in 0..<entryCount { try readEntry(&cursor) }
    let tensorLimit = cursor.remaining / (8 + 4 + 4 + 8)
    guard tensorCount <= UInt64(tensorLimit) else {
      throw FormatError(
        .gguf, path, "the number of tensors claims more than the file holds",
        expected: "at most \(tensorLimit)", got: "\(tensorCount)")
    }
    let alignment = try self.alignment()
    var headers: [(info: GGUFTensorInfo, offset: UInt64)] = []
    var names: Set<ByteString> = []
    for _ in 0..<Int(tensorCount) {
      let header = try Self.readTensor(&cursor, file)
      // Checked here, so that the empty descriptions of a sparse file are not collected.
      guard names.insert(header.info.name).inserted else {
        throw FormatError(.gguf, path, "the tensor \(header.info.name) stands twice")
      }
      headers.append(header)
    }
    try locate(headers, headerEnd: cursor.position, alignment: alignment)
  }

  private static func checkMagic(_ cursor: inout GGUFCursor) throws(FormatError) {
    let magic = try cursor.integer(UInt32.self, "the magic number")
    guard magic == 0x4655_4747 else { throw FormatError(.gguf, cursor.location, "not a GGUF file") }
    let version = try cursor.integer(UInt32.self, "the version")
    if version & 0xFFFF == 0, version != 0 {
      throw FormatError(.gguf, cursor.location, "a big-endian GGUF file", expected: "a little-endian one")
    }
    guard version == 2 || version == 3 else {
      throw FormatError(
        .gguf, cursor.location, "an unsupported version of GGUF", expected: "2 or 3", got: "\(version)")
    }
  }

  private mutating func readEntry(_ cursor: inout GGUFCursor) throws(FormatError) {
    let key = ByteString(Array(file.bytes[try cursor.string("a key")]))
    let value = try cursor.typedValue("the value of \(key)")
    guard metadata.updateValue(value, forKey: key) == nil else {
      throw FormatError(.gguf, cursor.location, "the key \(key) stands twice")
    }
  }

  private func alignment() throws(FormatError) -> Int {
    let key = "general.alignment"
    guard let alignment = try integer(key) else { return 32 }
    guard alignment > 0, alignment <= Self.alignmentLimit, alignment & (alignment - 1) == 0 else {
      throw FormatError(
        .gguf, "\(location): \(key)", "not a usable alignment",
        expected: "a power of two up to \(Self.alignmentLimit)", got: "\(alignment)")
    }
    return alignment
  }

  /// Reads the description of a tensor; its range counts from 0, the offset from the start of the data.
  private static func readTensor(
    _ cursor: inout GGUFCursor, _ file: MappedFile
  ) throws(FormatError) -> (info: GGUFTensorInfo, offset: UInt64) {
    let name = ByteString(Array(cursor.bytes[try cursor.string("a tensor's name")]))
    let what = "the description of tensor \(name)"
    let rank = try cursor.integer(UInt32.self, what)
    guard rank <= rankLimit else {
      throw FormatError(
        .gguf, "\(cursor.location): tensor \(name)", "too many dimensions", expected: "at most \(rankLimit)",
        got: "\(rank)")
    }
    var dimensions: [UInt64] = []
    for _ in 0..<rank { dimensions.append(try cursor.integer(UInt64.self, what)) }
    let code = try cursor.integer(UInt32.self, what)
    let offset = try cursor.integer(UInt64.self, what)
    guard let type = GGMLType(rawValue: code) else {
      throw FormatError(
        .gguf, "\(cursor.location): tensor \(name)", "its type is not supported",
        expected: "one of \(GGMLType.supportedNames)", got: GGMLType.unsupportedName(code))
    }
    let (shape, byteCount) = try size(dimensions, type, location: "\(cursor.location): tensor \(name)")
    return (GGUFTensorInfo(name: name, type: type, shape: shape, file: file, range: 0..<byteCount), offset)
  }

  /// The shape, slowest dimension first, and the size in bytes of a tensor of the given dimensions.
  private static func size(
    _ dimensions: [UInt64], _ type: GGMLType, location: String
  ) throws(FormatError) -> (shape: [Int], byteCount: Int) {
    var shape: [Int] = []
    // A dimension of zero counts as one here, so that it cannot hide an overflow.
    var bytes = type.blockByteCount
    for (index, dimension) in dimensions.enumerated() {
      var factor = max(dimension, 1)
      if index == 0 {
        guard dimension % UInt64(type.blockSize) == 0 else {
          throw FormatError(
            .gguf, location, "its rows do not fill blocks of \(type.name)",
            expected: "a multiple of \(type.blockSize)", got: "\(dimension)")
        }
        factor = max(dimension / UInt64(type.blockSize), 1)
      }
      guard let size = Int(exactly: dimension), let factor = Int(exactly: factor) else {
        throw FormatError(.gguf, location, "the shape \(dimensions) is too large")
      }
      let (product, overflow) = bytes.multipliedReportingOverflow(by: factor)
      // The count of elements must not overflow either.
      guard !overflow, !product.multipliedReportingOverflow(by: 8).overflow else {
        throw FormatError(.gguf, location, "the shape \(dimensions) is too large")
      }
      bytes = product
      shape.insert(size, at: 0)
    }
    if dimensions.isEmpty, type.blockSize > 1 {
      throw FormatError(.gguf, location, "a single number cannot be of type \(type.name)")
    }
    return (shape, shape.contains(0) ? 0 : bytes)
  }

  /// Gives the tensors their ranges in the file, which must be aligned, inside the file and disjoint.
  private mutating func locate(
    _ headers: [(info: GGUFTensorInfo, offset: UInt64)], headerEnd: Int, alignment: Int
  ) throws(FormatError) {
    // Both are far below 2⁶³: the end of a mapped header and at most 2²⁴.
    let dataStart = (headerEnd + alignment - 1) & ~(alignment - 1)
    var located: [GGUFTensorInfo] = []
    located.reserveCapacity(headers.count)
    for header in headers {
      var info = header.info
      let what = info.location
      guard header.offset % UInt64(alignment) == 0 else {
        throw FormatError(
          .gguf, what, "its offset is not aligned", expected: "a multiple of \(alignment)",
          got: "\(header.offset)")
      }
      guard let offset = Int(exactly: header.offset), offset <= file.count - dataStart,
        info.range.count <= file.count - dataStart - offset
      else {
        throw FormatError(
          .gguf, what, "its data ends beyond the file",
          expected: "at most \(max(file.count - dataStart, 0)) bytes of data",
          got: "\(info.range.count) bytes at offset \(header.offset)")
      }
      info.range = (dataStart + offset)..<(dataStart + offset + info.range.count)
      tensors[info.name] = info
      located.append(info)
    }
    located.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
    for (a, b) in zip(located, located.dropFirst()) where a.range.upperBound > b.range.lowerBound {
      throw FormatError(.gguf, b.location, "its data overlaps that of \(a.name)")
    }
  }

  /// Adds the tensors of another file of the same model.
  ///
  /// - Throws: `FormatError` of kind `gguf` where the other has a tensor of this one, or says that its model has another
  ///   architecture.
  mutating func append(_ other: GGUFContainer) throws(FormatError) {
    let key = "general.architecture"
    if let architecture = try other.string(key), let own = try string(key), architecture != own {
      throw FormatError(
        .gguf, "\(other.location): \(key)", "differs from that of \(location)", expected: own, got: architecture)
    }
    for (name, info) in other.tensors.sorted(by: { $0.key < $1.key }) {
      if let earlier = tensors.updateValue(info, forKey: name) {
        throw FormatError(.gguf, info.location, "is also in \(earlier.file.path)")
      }
    }
    paths += other.paths
  }
}
