/// GPT-2's spelling of bytes as printable characters (Radford et al. 2019, `bytes_to_unicode`): bytes that print
/// are themselves, the others follow one another from U+0100.
enum ByteLevelAlphabet {
  /// The scalar of each byte.
  static let scalars: [UInt32] = {
    var next: UInt32 = 0x100
    return (0..<256).map { byte in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return UInt32(byte)
      default:
        defer { next += 1 }
        return next
      }
    }
  }()

  /// The byte of each scalar below U+0144, −1 where none.
  private static let bytes: [Int16] = {
    var result = [Int16](repeating: -1, count: 0x144)
    for (byte, scalar) in scalars.enumerated() { result[Int(scalar)] = Int16(byte) }
    return result
  }()

  /// Appends the UTF-8 of a byte's scalar.
  private static func appendSpelling(of byte: UInt8, to result: inout [UInt8]) {
    let scalar = scalars[Int(byte)]
    if scalar < 0x80 { return result.append(UInt8(scalar)) }
    result.append(UInt8(0xC0 | scalar >> 6))
    result.append(UInt8(0x80 | scalar & 0x3F))
  }

  /// The spelling of bytes in UTF-8.
  static func spelling(of bytes: some Sequence<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(2 * bytes.underestimatedCount)
    for byte in bytes { appendSpelling(of: byte, to: &result) }
    return result
  }

  /// The bytes that a token's spelling (UTF-8) stands for; a spelling with other characters stands for itself.
  static func bytes(of spelling: [UInt8]) -> [UInt8] {
    spelling.withUnsafeBufferPointer { text in
      var result: [UInt8] = []
      var i = 0
      while i < text.count {
        let (scalar, end) = UTF8Scalars.read(text, i)
        guard scalar < 0x144, bytes[Int(scalar)] >= 0 else { return spelling }
        result.append(UInt8(bytes[Int(scalar)]))
        i = end
      }
      return result
    }
  }
}
