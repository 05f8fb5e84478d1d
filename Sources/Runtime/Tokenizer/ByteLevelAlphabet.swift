/// GPT-2's spelling of bytes as printable characters (Radford et al. 2019, `bytes_to_unicode`): bytes that print stand
/// for themselves, the others follow one another from U+0100.
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

  /// Appends the bytes that a token's spelling (UTF-8) stands for; a spelling with other characters stands for itself.
  static func appendBytes(of spelling: UnsafeBufferPointer<UInt8>, to result: inout [UInt8]) {
    let start = result.count
    var i = 0
    while i < spelling.count {
      let scalar: UInt32
      if spelling[i] < 0x80 {
        scalar = UInt32(spelling[i])
        i += 1
      } else if spelling[i] < 0xE0, i + 1 < spelling.count {
        scalar = UInt32(spelling[i] & 0x1F) << 6 | UInt32(spelling[i + 1] & 0x3F)
        i += 2
      } else {
        scalar = .max
      }
      guard scalar < 0x144, bytes[Int(scalar)] >= 0 else {
        result.removeSubrange(start...)
        result.append(contentsOf: spelling)
        return
      }
      result.append(UInt8(bytes[Int(scalar)]))
    }
  }
}
