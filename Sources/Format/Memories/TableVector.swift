import Foundation
import Kernels

/// A key or a delta: F32 values in memory, or a row of a table's F32 or BF16 tensor, which stays where it is in a mapped
/// file.
///
/// Vectors are equal where their values are.
public struct TableVector: Sendable {
  private enum Storage {
    case floats([Float])
    /// BF16.
    case halves([UInt16])
    case file(MappedFile, offset: Int, count: Int, isHalf: Bool)
  }

  private let storage: Storage

  public init(_ floats: [Float]) { storage = .floats(floats) }

  /// The elements of a tensor of F32 or BF16 whose indices are in `range`.
  init(_ tensor: Tensor, _ range: Range<Int>) {
    let isHalf = tensor.dtype == .bf16
    if let (file, offset) = tensor.source {
      let size = isHalf ? 2 : 4
      storage = .file(file, offset: offset + size * range.lowerBound, count: range.count, isHalf: isHalf)
    } else if isHalf {
      storage = .halves(
        tensor.withBytes { bytes in range.map { bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self) } })
    } else {
      storage = .floats(tensor.floats(in: range))
    }
  }

  public var count: Int {
    switch storage {
    case .floats(let values): values.count
    case .halves(let values): values.count
    case .file(_, _, let count, _): count
    }
  }

  /// F32 or BF16, as the table holds it.
  public var dtype: Dtype {
    switch storage {
    case .floats: .f32
    case .halves: .bf16
    case .file(_, _, _, let isHalf): isHalf ? .bf16 : .f32
    }
  }

  /// Calls `body` with the elements in their dtype, which need not be aligned.
  package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    switch storage {
    case .floats(let values): values.withUnsafeBytes(body)
    case .halves(let values): values.withUnsafeBytes(body)
    case .file(let file, let offset, let count, let isHalf):
      file.withBytes { body(UnsafeRawBufferPointer(rebasing: $0[offset..<(offset + count * (isHalf ? 2 : 4))])) }
    }
  }

  /// The file that the elements lie in, and where; nil where they lie in memory.
  package var mapped: (file: MappedFile, address: UnsafeRawPointer)? {
    guard case .file(let file, let offset, _, _) = storage, let base = file.bytes.baseAddress else { return nil }
    return (file, base + offset)
  }

  /// The elements as F32.
  public var floats: [Float] {
    if case .floats(let values) = storage { return values }
    let (count, dtype) = (count, dtype)
    guard count > 0 else { return [] }
    return withBytes { bytes in
      [Float](unsafeUninitializedCapacity: count) { target, written in
        Self.widen(bytes, dtype, to: target.baseAddress!, count)
        written = count
      }
    }
  }

  /// Writes the elements as F32 to `target`, which has room for them.
  package func write(to target: UnsafeMutablePointer<Float>) {
    let (count, dtype) = (count, dtype)
    withBytes { Self.widen($0, dtype, to: target, count) }
  }

  private static func widen(
    _ bytes: UnsafeRawBufferPointer, _ dtype: Dtype, to target: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    guard dtype == .bf16 else {
      return UnsafeMutableRawPointer(target).copyMemory(from: bytes.baseAddress!, byteCount: 4 * count)
    }
    for i in 0..<count {
      let bits = UInt32(bytes.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self)) << 16
      target[i] = Float(bitPattern: bits)
    }
  }

  /// The nearest BF16 values, of two equally near ones the even; those of finite values are finite.
  package var rounded: TableVector {
    guard dtype == .f32 else { return self }
    return TableVector(halves: floats.map(Self.half))
  }

  private init(halves: [UInt16]) { storage = .halves(halves) }

  private static func half(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    let nearest = UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
    // The largest values would round to infinity.
    return value.isFinite && nearest & 0x7FFF == 0x7F80 ? nearest &- 1 : nearest
  }

  /// Whether the values are the same bit for bit: 0 and −0 differ.
  func hasSameBits(as other: TableVector) -> Bool {
    guard count == other.count else { return false }
    guard dtype == other.dtype else { return TableVector(floats).hasSameBits(as: TableVector(other.floats)) }
    return withBytes { mine in
      other.withBytes {
        mine.isEmpty || mine.baseAddress == $0.baseAddress
          || memcmp(mine.baseAddress!, $0.baseAddress!, mine.count) == 0
      }
    }
  }

  /// The element of an index.
  subscript(index: Int) -> Float {
    let dtype = dtype
    return withBytes { bytes in
      guard dtype == .bf16 else { return bytes.loadUnaligned(fromByteOffset: 4 * index, as: Float.self) }
      return Float(bitPattern: UInt32(bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)) << 16)
    }
  }
}

extension TableVector: Hashable {
  public static func == (a: TableVector, b: TableVector) -> Bool {
    // Most vectors that are compared differ at once, or are one.
    guard a.count == b.count else { return false }
    guard !a.hasSameBits(as: b) else { return true }
    return stride(from: 0, to: a.count, by: max(1, a.count / 8)).allSatisfy { a[$0] == b[$0] } && a.floats == b.floats
  }

  /// Takes a few elements: those of different vectors differ almost everywhere, and equality compares all.
  public func hash(into hasher: inout Hasher) {
    for index in stride(from: 0, to: count, by: max(1, count / 8)) { hasher.combine(self[index]) }
  }
}
