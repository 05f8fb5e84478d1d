import Foundation

/// A base tensor that two checkpoints do not have alike.
public struct TensorChange: Sendable, Equatable {
  public struct Layout: Sendable, Equatable {
    public var dtype: Dtype
    public var shape: [Int]

    /// The number of units that `differing` counts: elements, or bytes where an element is smaller.
    public var unitCount: Int {
      let elements = shape.reduce(1, *)
      return dtype.bits < 8 ? elements * dtype.bits / 8 : elements
    }
    public var unit: String { dtype.bits < 8 ? "bytes" : "elements" }
  }

  public var name: ByteString
  /// nil where the old checkpoint has no tensor of the name.
  public var old: Layout?
  /// The same of the new one.
  public var new: Layout?
  /// Where both layouts are the same: how many of the layout's units differ.
  public var differing: Int?
}

extension Checkpoint {
  /// The base tensors that are not the same in both, sorted by name: an empty list means the same base.
  ///
  /// Bytes are compared, not the recorded hashes: a file whose weights were changed behind its back has the old one.
  /// - Throws: `FormatError` of kind `unreadable`.
  public func baseChanges(to other: Checkpoint) throws(FormatError) -> [TensorChange] {
    let names = Set(tensors.map(\.name)).union(other.tensors.map(\.name)).sorted()
    let changes = names.concurrentMap { name in
      Result { () throws(FormatError) in try change(of: name, to: other) }
    }
    var found: [TensorChange] = []
    for change in changes { if let change = try change.get() { found.append(change) } }
    return found
  }

  /// nil where the tensor is the same in both.
  private func change(of name: ByteString, to other: Checkpoint) throws(FormatError) -> TensorChange? {
    let (old, new) = (self[name], other[name])
    var change = TensorChange(name: name, old: old?.layout, new: new?.layout)
    guard change.old == change.new, let old, let new else { return change }
    guard let count = try? old.differing(from: new) else {
      throw FormatError(.unreadable, "\(path): tensor \(name)", "cannot be read")
    }
    change.differing = count
    return count > 0 ? change : nil
  }
}

extension Tensor {
  fileprivate var layout: TensorChange.Layout { .init(dtype: dtype, shape: shape) }

  /// How many elements, of dtypes below 8 bits how many bytes, are not those of a tensor of the same layout.
  fileprivate func differing(from other: Tensor) throws -> Int {
    try withBytes { a in
      try other.withBytes { b in
        guard a.count == b.count else { return max(a.count, b.count) }
        guard let p = a.baseAddress, let q = b.baseAddress, memcmp(p, q, a.count) != 0 else { return 0 }
        switch dtype.bits {
        case 16: return differing(a, b, UInt16.self)
        case 32: return differing(a, b, UInt32.self)
        case 64: return differing(a, b, UInt64.self)
        default: return differing(a, b, UInt8.self)
        }
      }
    }
  }

  private func differing<Element: FixedWidthInteger & BitwiseCopyable>(
    _ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer, _ type: Element.Type
  ) -> Int {
    let size = MemoryLayout<Element>.size
    return stride(from: 0, to: a.count, by: size).count { offset in
      a.loadUnaligned(fromByteOffset: offset, as: type) != b.loadUnaligned(fromByteOffset: offset, as: type)
    }
  }
}
