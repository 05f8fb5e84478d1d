import Foundation

/// The vectors that elements of ggml's IQ types are taken from, several at a time.
struct GGMLCodebook: Sendable {
  /// The elements of one vector.
  typealias Entry = UnsafePointer<Int8>

  private let width: Int
  private let elements: [Int8]

  /// - Parameters:
  ///   - width: the number of elements of a vector, 8 or 4.
  ///   - values: what an element can be, ascending.
  ///   - words: Base64 of 16 bits for each vector, little endian, which hold the indices of its elements in `values`, the
  ///     first in the low bits.
  init(elements width: Int, values: [Int8], words: String) {
    self.width = width
    let bytes = Data(base64Encoded: words) ?? Data()
    let bits = 16 / width
    elements = stride(from: 0, to: bytes.count, by: 2).flatMap { start in
      let word = Int(bytes[start]) | Int(bytes[start + 1]) << 8
      return (0..<width).map { values[word >> (bits * $0) & (1 << bits - 1)] }
    }
  }

  /// Calls `body` with the function that finds a vector by its index, which the bits of the block's format bound.
  @inline(__always)
  func withEntries(_ body: ((Int) -> Entry) -> Void) {
    elements.withUnsafeBufferPointer { elements in
      guard let base = elements.baseAddress else { return }
      let width = width
      body { base + width * $0 }
    }
  }
}
