import Kernels

/// SHA-256 (FIPS 180-4).
public enum SHA256 {
  /// The digest of `bytes` as 64 lower-case hexadecimal digits.
  public static func hex(_ bytes: UnsafeRawBufferPointer) -> String {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { digest in
      kernel_sha256(bytes.baseAddress, bytes.count, digest.baseAddress!)
      return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
  }

  public static func hex(_ bytes: [UInt8]) -> String { bytes.withUnsafeBytes(hex) }
}
