import Kernels

/// A tensor's bytes inside a mapped file or, where they were computed, in memory of their own.
public struct Tensor: Sendable {
  public var name: ByteString
  public var dtype: Dtype
  public var shape: [Int]
  private let storage: Storage
  private let offset: Int
  public let byteCount: Int

  private enum Storage: Sendable {
    case file(MappedFile)
    case memory([UInt8])
    /// Made anew each time it is asked for; its size is known without making it.
    case made(@Sendable () throws -> [UInt8])
  }

  init(info: TensorInfo, file: MappedFile, dataStart: Int) {
    name = info.name
    dtype = info.dtype
    shape = info.shape
    storage = .file(file)
    offset = dataStart + info.range.lowerBound
    byteCount = info.range.count
  }

  public init(name: ByteString, dtype: Dtype, shape: [Int], bytes: [UInt8]) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
    storage = .memory(bytes)
    offset = 0
    byteCount = bytes.count
  }

  /// A tensor of raw bytes, as embedded files are kept.
  public init(name: ByteString, bytes: [UInt8]) {
    self.init(name: name, dtype: .u8, shape: [bytes.count], bytes: bytes)
  }

  /// A tensor whose `byteCount` bytes `make` computes when they are needed.
  public init(
    name: ByteString, dtype: Dtype, shape: [Int], byteCount: Int,
    make: @escaping @Sendable () throws -> [UInt8]
  ) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
    storage = .made(make)
    offset = 0
    self.byteCount = byteCount
  }

  public init(name: ByteString, shape: [Int], floats: [Float]) {
    self.init(
      name: name, dtype: .f32, shape: shape, bytes: floats.withUnsafeBytes { Array($0) })
  }

  public var elementCount: Int { shape.reduce(1, *) }

  /// Calls `body` with the bytes, which need not be aligned.
  public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
    switch storage {
    case .file(let file):
      return try file.withBytes {
        try body(UnsafeRawBufferPointer(rebasing: $0[offset..<(offset + byteCount)]))
      }
    case .memory(let bytes): return try bytes.withUnsafeBytes(body)
    case .made(let make): return try make().withUnsafeBytes(body)
    }
  }

  /// The mapped file and the address of the bytes in it, nil for computed tensors.
  public var mapped: (file: MappedFile, address: UnsafeRawPointer)? {
    guard let (file, offset) = source, let base = file.bytes.baseAddress else { return nil }
    return (file, base + offset)
  }

  /// The mapped file and where in it the bytes are, nil for computed tensors.
  var source: (file: MappedFile, offset: Int)? {
    guard case .file(let file) = storage else { return nil }
    return (file, offset)
  }

  /// The elements of an F32, F16, BF16 or F64 tensor as F32; nil for other dtypes.
  public func floats() throws -> [Float]? {
    try withBytes { bytes in
      switch dtype {
      case .f32: return try floats(in: 0..<elementCount)
      case .bf16:
        return (0..<elementCount).map {
          Float(bitPattern: UInt32(bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self)) << 16)
        }
      case .f16:
        return (0..<elementCount).map {
          kernel_float_from_half(bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self))
        }
      case .f64:
        return (0..<elementCount).map { Float(bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self)) }
      default: return nil
      }
    }
  }

  /// The elements of an F32 tensor that stand at `range` in it.
  func floats(in range: Range<Int>) throws -> [Float] {
    // The empty array is one object, which the initializer below would write to from any thread.
    guard !range.isEmpty else { return [] }
    return try withBytes { bytes in
      [Float](unsafeUninitializedCapacity: range.count) { buffer, count in
        UnsafeMutableRawBufferPointer(buffer).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: bytes[(4 * range.lowerBound)..<(4 * range.upperBound)]))
        count = range.count
      }
    }
  }

  /// SHA-256 of the bytes, lower-case hexadecimal.
  ///
  /// Of a mapped file it keeps a few megabytes in memory.
  public func sha256() throws -> String {
    try withBytes { bytes in
      guard let (file, offset) = source else { return SHA256.hex(bytes) }
      return SHA256.hex(bytes) { file.release((offset + $0.lowerBound)..<(offset + $0.upperBound)) }
    }
  }
}
