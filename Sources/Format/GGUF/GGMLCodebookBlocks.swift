/// Blocks of 256 elements that come eight or four at a time from a codebook, with signs of their own or an offset.
extension GGMLBlocks {
  /// Writes an entry of a codebook times `scale`, each element negated where its bit of `signs` is set.
  @inline(__always)
  private static func entry(
    _ entry: GGMLCodebook.Entry, _ width: Int, _ scale: Float, signs: UInt32, _ output: Output
  ) {
    for k in 0..<width {
      let value = scale * Float(entry[k])
      output[k] = Float(bitPattern: value.bitPattern ^ (signs >> UInt32(truncatingIfNeeded: k) & 1) << 31)
    }
  }

  /// The eight signs of the group `index` (0 to 3) in a word that has seven bits for each: the eighth makes their number
  /// even.
  @inline(__always)
  private static func signs(_ word: UInt32, _ index: Int) -> UInt32 {
    let seven = word >> UInt32(truncatingIfNeeded: 7 * index) & 127
    return seven | UInt32(truncatingIfNeeded: seven.nonzeroBitCount & 1) << 7
  }

  /// The number `index` of those of 4 bits that begin at `numbers`, low halves first.
  @inline(__always)
  private static func nibble(_ numbers: Source, _ index: Int) -> Float {
    Float(byte(numbers, index / 2) >> UInt8(truncatingIfNeeded: index % 2 * 4) & 15)
  }

  /// Block: scale: f16, for each 32 elements four 8-bit indices and a word of signs and a 4-bit sub-scale.
  static func iq2_xxs(_ source: Source, _ output: Output, _ count: Int) {
    GGMLCodebook.iq2_xxs.withEntries { codebook in
      for block in 0..<count {
        let source = source + 66 * block
        let scale = half(source)
        for group in 0..<8 {
          let word: UInt32 = integer(source, 6 + 8 * group)
          let groupScale = scale * (0.5 + Float(word >> 28)) * 0.25
          for j in 0..<4 {
            let index = Int(byte(source, 2 + 8 * group + j))
            entry(codebook(index), 8, groupScale, signs: signs(word, j), output + (256 * block + 32 * group + 8 * j))
          }
        }
      }
    }
  }

  /// Block: scale: f16, 32 times a 9-bit index and seven signs, 16 4-bit sub-scales.
  static func iq2_xs(_ source: Source, _ output: Output, _ count: Int) {
    GGMLCodebook.iq2_xs.withEntries { codebook in
      for block in 0..<count {
        let source = source + 74 * block
        let scale = half(source)
        for j in 0..<32 {
          let word: UInt16 = integer(source, 2 + 2 * j)
          let groupScale = scale * (0.5 + nibble(source + 66, j / 2)) * 0.25
          entry(
            codebook(Int(word & 511)), 8, groupScale, signs: signs(UInt32(word >> 9), 0), output + (256 * block + 8 * j)
          )
        }
      }
    }
  }

  /// Block: scale: f16, 32 low bytes of 10-bit indices, 32 bytes of signs, their high bits, 16 4-bit sub-scales.
  static func iq2_s(_ source: Source, _ output: Output, _ count: Int) {
    GGMLCodebook.iq2_s.withEntries { codebook in
      for block in 0..<count {
        let source = source + 82 * block
        let scale = half(source)
        for j in 0..<32 {
          let high = byte(source, 66 + j / 4) >> UInt8(truncatingIfNeeded: 2 * (j % 4)) & 3
          let index = Int(byte(source, 2 + j)) | Int(high) << 8
          let groupScale = scale * (0.5 + nibble(source + 74, j / 2)) * 0.25
          entry(
            codebook(index), 8, groupScale, signs: UInt32(byte(source, 34 + j)), output + (256 * block + 8 * j))
        }
      }
    }
  }

  /// Block: scale: f16, 64 8-bit indices, for each 32 elements a word of signs and a 4-bit sub-scale.
  static func iq3_xxs(_ source: Source, _ output: Output, _ count: Int) {
    GGMLCodebook.iq3_xxs.withEntries { codebook in
      for block in 0..<count {
        let source = source + 98 * block
        let scale = half(source)
        for group in 0..<8 {
          let word: UInt32 = integer(source, 66 + 4 * group)
          let groupScale = scale * (0.5 + Float(word >> 28)) * 0.5
          for j in 0..<8 {
            let index = Int(byte(source, 2 + 8 * group + j))
            let own = signs(word, j / 2) >> UInt32(truncatingIfNeeded: j % 2 * 4)
            entry(codebook(index), 4, groupScale, signs: own, output + (256 * block + 32 * group + 4 * j))
          }
        }
      }
    }
  }

  /// Block: scale: f16, 64 low bytes of 9-bit indices, their high bits, 32 bytes of signs, eight 4-bit sub-scales.
  static func iq3_s(_ source: Source, _ output: Output, _ count: Int) {
    GGMLCodebook.iq3_s.withEntries { codebook in
      for block in 0..<count {
        let source = source + 110 * block
        let scale = half(source)
        for j in 0..<64 {
          let high = byte(source, 66 + j / 8) >> UInt8(truncatingIfNeeded: j % 8) & 1
          let index = Int(byte(source, 2 + j)) | Int(high) << 8
          let groupScale = scale * (1 + 2 * nibble(source + 106, j / 8))
          let own = UInt32(byte(source, 74 + j / 2) >> UInt8(truncatingIfNeeded: j % 2 * 4))
          entry(codebook(index), 4, groupScale, signs: own, output + (256 * block + 4 * j))
        }
      }
    }
  }

  /// Writes an entry of the codebook of `iq1_s`, whose elements are moved by an eighth, times `scale`.
  @inline(__always)
  private static func moved(_ entry: GGMLCodebook.Entry, _ scale: Float, isDown: Bool, _ output: Output) {
    let offset: Float = isDown ? -0.125 : 0.125
    for k in 0..<8 { output[k] = scale * (Float(entry[k]) + offset) }
  }

  /// Block: scale: f16, 32 low bytes of 11-bit indices, for each 32 elements their high bits, a 3-bit sub-scale and the
  /// direction of the offset.
  static func iq1_s(_ source: Source, _ output: Output, _ count: Int) {
    GGMLCodebook.iq1.withEntries { codebook in
      for block in 0..<count {
        let source = source + 50 * block
        let scale = half(source)
        for j in 0..<32 {
          let word: UInt16 = integer(source, 34 + 2 * (j / 4))
          let high = word >> UInt16(truncatingIfNeeded: 3 * (j % 4)) & 7
          let groupScale = scale * Float(2 * (word >> 12 & 7) + 1)
          moved(
            codebook(Int(byte(source, 2 + j)) | Int(high) << 8), groupScale, isDown: word >> 15 != 0,
            output + (256 * block + 8 * j))
        }
      }
    }
  }

  /// Block: 32 low bytes of 11-bit indices, their high bits with the directions of the offsets, four words of four 3-bit
  /// sub-scales and 4 bits of the scale: f16.
  static func iq1_m(_ source: Source, _ output: Output, _ count: Int) {
    GGMLCodebook.iq1.withEntries { codebook in
      for block in 0..<count {
        let source = source + 56 * block
        var scaleBits: UInt16 = 0
        for word in 0..<4 {
          let bits: UInt16 = integer(source, 48 + 2 * word)
          scaleBits |= (bits >> 12) << UInt16(truncatingIfNeeded: 4 * word)
        }
        let scale = HalfPrecision.float(f16: scaleBits)
        for j in 0..<32 {
          let word: UInt16 = integer(source, 48 + 2 * (j / 8))
          let groupScale = scale * Float(2 * (word >> UInt16(truncatingIfNeeded: j % 8 / 2 * 3) & 7) + 1)
          let high = byte(source, 32 + j / 2) >> UInt8(truncatingIfNeeded: j % 2 * 4)
          moved(
            codebook(Int(byte(source, j)) | Int(high & 7) << 8), groupScale, isDown: high & 8 != 0,
            output + (256 * block + 8 * j))
        }
      }
    }
  }
}
