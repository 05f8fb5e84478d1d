/// A collector of a model's tensors by name, which checks their shapes and finds those that are left over.
struct GGUFTensorTable {
  let container: GGUFContainer
  private(set) var entries: [GGUFModel.Entry] = []
  private var unused: Set<ByteString>

  init(_ container: GGUFContainer) {
    self.container = container
    unused = Set(container.tensors.keys)
  }

  func has(_ source: String) -> Bool { container.tensors[ByteString(source)] != nil }

  /// The tensor of llama.cpp's name, which must exist.
  func info(_ source: String) throws(FormatError) -> GGUFTensorInfo {
    guard let info = container.tensors[ByteString(source)] else {
      throw FormatError(.gguf, container.location, "the tensor \(source) is missing")
    }
    return info
  }

  /// The number of rows of a matrix, which must exist.
  func rows(_ source: String) throws(FormatError) -> Int {
    let info = try info(source)
    guard info.shape.count == 2, info.shape[0] > 0, info.shape[0] <= Int(Int32.max) else {
      throw FormatError(
        .gguf, info.location, "wrong shape", expected: "a matrix",
        got: "\(info.shape)")
    }
    return info.shape[0]
  }

  /// Adds the tensor `source` under the checkpoint's `name`, with the checkpoint's `shape`.
  mutating func add(
    _ source: String, as name: String, _ shape: [Int], _ layout: GGUFLayout = .same
  ) throws(FormatError) {
    let info = try info(source)
    let stored = layout == .transposed ? Array(shape.reversed()) : shape
    guard info.shape == stored else {
      throw FormatError(
        .gguf, info.location, "wrong shape", expected: "\(stored)",
        got: "\(info.shape)")
    }
    // The blocks of a quantized bias would run across the rows that move.
    guard layout == .same || shape.count > 1 || info.type.blockSize == 1 else {
      throw FormatError(
        .gguf, info.location, "a quantized bias", expected: "F32, F16 or BF16",
        got: info.type.name)
    }
    unused.remove(info.name)
    entries.append(GGUFModel.Entry(name: ByteString(name), shape: shape, source: info, layout: layout))
  }

  /// Adds the weight of a module and its bias, whose rows are the weight's.
  mutating func addWithBias(
    _ source: String, as name: String, _ shape: [Int], _ layout: GGUFLayout = .same
  ) throws(FormatError) {
    try add("\(source).weight", as: "\(name).weight", shape, layout)
    try add("\(source).bias", as: "\(name).bias", [shape[0]], layout)
  }

  /// Returns the values of an F32 tensor and leaves it out of the checkpoint.
  mutating func takeFloats(_ source: String) throws(FormatError) -> [Float] {
    let info = try info(source)
    guard info.type.dtype == .f32 else {
      throw FormatError(
        .gguf, info.location, "wrong type", expected: "F32", got: info.type.name)
    }
    drop(source)
    return info.withBytes { bytes in
      stride(from: 0, to: bytes.count, by: 4).map {
        Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
      }
    }
  }

  /// Leaves a tensor out of the checkpoint.
  mutating func drop(_ source: String) { unused.remove(ByteString(source)) }

  /// Returns the tensors that were added.
  ///
  /// - Throws: `FormatError` that names the first tensor that was neither added nor dropped.
  func finish() throws(FormatError) -> [GGUFModel.Entry] {
    if let name = unused.min(), let info = container.tensors[name] {
      throw FormatError(.gguf, info.location, "the architecture has no such tensor")
    }
    return entries
  }
}
