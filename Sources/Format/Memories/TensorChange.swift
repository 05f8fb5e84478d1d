import Foundation

/// A base tensor that differs between two checkpoints.
public struct TensorChange: Sendable, Equatable {
  /// A tensor's dtype and shape.
  public struct Layout: Sendable, Equatable {
    public var dtype: Dtype
    public var shape: [Int]

    /// The number of units that `differing` counts: elements, or bytes where an element is smaller than a byte.
    public var unitCount: Int {
      let elements = shape.reduce(1, *)
      return dtype.bits < 8 ? elements * dtype.bits / 8 : elements
    }
    public var unit: String { dtype.bits < 8 ? "bytes" : "elements" }
  }

  public var name: ByteString
  /// The layout in the old checkpoint; nil where it has no such tensor.
  public var old: Layout?
  /// The layout in the new checkpoint; nil where it has no such tensor.
  public var new: Layout?
  /// The number of units that differ; nil where the layouts do.
  public var differing: Int?
}

extension TensorChange {
  /// Compares two tensors of one name; nil where they are equal.
  init?(name: ByteString, from old: Tensor?, to new: Tensor?) {
    self.init(name: name, old: old?.layout, new: new?.layout)
    guard self.old == self.new, let old, let new else { return }
    let count = old.differing(from: new)
    guard count > 0 else { return nil }
    differing = count
  }
}

extension Tensor {
  fileprivate var layout: TensorChange.Layout { .init(dtype: dtype, shape: shape) }

  /// The number of elements (bytes, where elements are smaller) that differ from those of a tensor of the same layout.
  fileprivate func differing(from other: Tensor) -> Int {
    withBytes { a in
      other.withBytes { b in
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
