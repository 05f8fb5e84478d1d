extension Checkpoint {
  /// The first base tensor with an element that is infinite or no number, and that element's index; nil where all are
  /// finite. Reads all tensors, on all processors.
  package func firstNotFinite() -> (tensor: Tensor, index: Int)? {
    let found = tensors.concurrentMap(\.firstNotFinite)
    guard let i = found.firstIndex(where: { $0 != nil }), let index = found[i] else { return nil }
    return (tensors[i], index)
  }
}

extension Tensor {
  /// The index of the first element that is infinite or no number; nil where there is none.
  fileprivate var firstNotFinite: Int? {
    switch dtype {
    case .f32: first(UInt32.self) { $0 & 0x7F80_0000 == 0x7F80_0000 }
    case .f16: first(UInt16.self) { $0 & 0x7C00 == 0x7C00 }
    case .bf16: first(UInt16.self) { $0 & 0x7F80 == 0x7F80 }
    case .f64: first(UInt64.self) { $0 & 0x7FF0_0000_0000_0000 == 0x7FF0_0000_0000_0000 }
    // E4M3 has no infinities.
    case .f8e4m3: first(UInt8.self) { $0 & 0x7F == 0x7F }
    default: nil
    }
  }

  private func first<Bits: FixedWidthInteger>(_ bits: Bits.Type, where isFound: (Bits) -> Bool) -> Int? {
    let size = MemoryLayout<Bits>.size
    return withBytes { bytes in
      (0..<(bytes.count / size)).first { isFound(bytes.loadUnaligned(fromByteOffset: $0 * size, as: Bits.self)) }
    }
  }
}
