import Foundation
import Kernels

/// A named tensor whose bytes lie in a mapped file, lie in memory, or are computed when they are needed.
public struct Tensor: Sendable {
  public var name: ByteString
  public var dtype: Dtype
  public var shape: [Int]
  public let byteCount: Int
  private let storage: Storage

  private enum Storage: Sendable {
    case file(MappedFile, offset: Int)
    case memory([UInt8])
    case computed(@Sendable (UnsafeMutableRawBufferPointer) -> Void)
  }

  private init(name: ByteString, dtype: Dtype, shape: [Int], byteCount: Int, storage: Storage) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
    self.byteCount = byteCount
    self.storage = storage
  }

  /// A tensor of a mapped file.
  ///
  /// - Parameter dataStart: the offset in the file that `info.range` counts from.
  init(info: TensorInfo, file: MappedFile, dataStart: Int) {
    self.init(
      name: info.name, dtype: info.dtype, shape: info.shape, byteCount: info.range.count,
      storage: .file(file, offset: dataStart + info.range.lowerBound))
  }

  /// A tensor of the given bytes.
  public init(name: ByteString, dtype: Dtype, shape: [Int], bytes: [UInt8]) {
    self.init(name: name, dtype: dtype, shape: shape, byteCount: bytes.count, storage: .memory(bytes))
  }

  /// A U8 tensor of one dimension, as embedded files are kept.
  public init(name: ByteString, bytes: [UInt8]) {
    self.init(name: name, dtype: .u8, shape: [bytes.count], bytes: bytes)
  }

  /// An F32 tensor of the given elements.
  public init(name: ByteString, shape: [Int], floats: [Float]) {
    self.init(name: name, dtype: .f32, shape: shape, bytes: floats.withUnsafeBytes { Array($0) })
  }

  /// An I32 tensor of the given elements.
  init(name: ByteString, shape: [Int], integers: [Int32]) {
    self.init(name: name, dtype: .i32, shape: shape, bytes: integers.withUnsafeBytes { Array($0) })
  }

  /// A tensor whose bytes are computed anew each time they are needed.
  ///
  /// - Parameter write: fills the `byteCount` bytes that it is given, in the same way each time.
  public init(
    name: ByteString, dtype: Dtype, shape: [Int], byteCount: Int,
    write: @escaping @Sendable (UnsafeMutableRawBufferPointer) -> Void
  ) {
    self.init(name: name, dtype: dtype, shape: shape, byteCount: byteCount, storage: .computed(write))
  }

  public var elementCount: Int { shape.reduce(1, *) }

  /// Calls `body` with the `byteCount` bytes, which need not be aligned.
  public func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    switch storage {
    case .file(let file, let offset):
      return try file.withBytes { bytes throws(Failure) in
        try body(UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + byteCount)]))
      }
    case .memory(let bytes): return try bytes.withRawBytes(body)
    case .computed(let write):
      let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)
      defer { bytes.deallocate() }
      write(bytes)
      return try body(UnsafeRawBufferPointer(bytes))
    }
  }

  /// Writes the bytes to `target`, which has room for exactly `byteCount` of them and is aligned to 16; those of a computed
  /// tensor are computed there.
  package func write(to target: UnsafeMutableRawBufferPointer) {
    precondition(target.count == byteCount, "a tensor is written to a place of another size")
    if case .computed(let write) = storage { return write(target) }
    withBytes { target.copyMemory(from: $0) }
  }

  /// The mapped file and the address of the bytes in it; nil for tensors in memory and computed ones.
  public var mapped: (file: MappedFile, address: UnsafeRawPointer)? {
    guard let (file, offset) = source, let base = file.bytes.baseAddress else { return nil }
    return (file, base + offset)
  }

  /// The mapped file and the offset of the bytes in it; nil for tensors in memory and computed ones.
  var source: (file: MappedFile, offset: Int)? {
    guard case .file(let file, let offset) = storage else { return nil }
    return (file, offset)
  }

  /// Whether dtype, shape and bytes are those of another tensor, whatever their names.
  package func hasSameContent(as other: Tensor) -> Bool {
    guard dtype == other.dtype, shape == other.shape, byteCount == other.byteCount else { return false }
    return withBytes { mine in
      other.withBytes { mine.isEmpty || memcmp(mine.baseAddress!, $0.baseAddress!, mine.count) == 0 }
    }
  }

  /// SHA-256 of the bytes, in lower-case hexadecimal; a mapped file takes a few megabytes of memory meanwhile.
  public func sha256() -> String {
    withBytes { bytes in
      guard let (file, offset) = source else { return SHA256.hex(bytes) }
      return SHA256.hex(bytes) { file.release((offset + $0.lowerBound)..<(offset + $0.upperBound)) }
    }
  }
}

// MARK: - Elements

extension Tensor {
  /// The elements of an F32, F16, BF16 or F64 tensor as F32; nil for other dtypes.
  public func floats() -> [Float]? {
    withBytes { bytes in
      switch dtype {
      case .f32: return floats(in: 0..<elementCount)
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

  /// The elements of an F32 tensor whose indices are in `range`.
  func floats(in range: Range<Int>) -> [Float] {
    // The empty array is one object, which the initializer below would write to from any thread.
    guard !range.isEmpty else { return [] }
    return withBytes { bytes in
      [Float](unsafeUninitializedCapacity: range.count) { buffer, count in
        UnsafeMutableRawBufferPointer(buffer).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: bytes[(4 * range.lowerBound)..<(4 * range.upperBound)]))
        count = range.count
      }
    }
  }
  /// An element of an I32 tensor.
  func int32(at index: Int) -> Int32 { withBytes { $0.loadUnaligned(fromByteOffset: 4 * index, as: Int32.self) } }
}
