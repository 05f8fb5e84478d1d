import Kernels

/// SHA-256 (FIPS 180-4).
package enum SHA256 {
  /// The digest of `bytes` as 64 lower-case hexadecimal digits.
  package static func hex(_ bytes: UnsafeRawBufferPointer) -> String { hex(bytes) { _ in } }

  package static func hex(_ bytes: [UInt8]) -> String { bytes.withUnsafeBytes(hex) }

  /// The digest of `bytes`, computed in parts of 8 MiB.
  ///
  /// - Parameter done: called with the range of each part that is no longer needed.
  static func hex(_ bytes: UnsafeRawBufferPointer, done: (Range<Int>) -> Void) -> String {
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 8) { state in
      kernel_sha256_start(state.baseAddress!)
      let whole = bytes.count / 64 * 64
      for start in stride(from: 0, to: whole, by: partSize) {
        let end = min(start + partSize, whole)
        kernel_sha256_blocks(state.baseAddress!, bytes.baseAddress! + start, (end - start) / 64)
        done(start..<end)
      }
      return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { digest in
        let rest = bytes.baseAddress.map { $0 + whole }
        kernel_sha256_end(state.baseAddress!, rest, UInt64(bytes.count), digest.baseAddress!)
        return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      }
    }
  }

  private static let partSize = 8 << 20
}
