/// The K-quants: blocks of 256 elements with a scale per 16 or 32.
extension GGMLBlocks {
  /// Block: 16 sub-scales and sub-minima of 4 bits, 64 bytes of four 2-bit numbers, scale, minimum: f16.
  static func q2_k(_ source: Source, _ output: Output, _ count: Int) {
    for block in 0..<count {
      let source = source + 84 * block
      let output = output + 256 * block
      let (scale, minimum) = (half(source + 80), half(source + 82))
      for group in 0..<16 {
        let pair = byte(source, group)
        let (groupScale, groupMinimum) = (scale * Float(pair & 15), minimum * Float(pair >> 4))
        let (numbers, shift) = twoBits(source + 16, group)
        for j in 0..<16 {
          output[16 * group + j] = groupScale * Float(byte(numbers, j) >> shift & 3) - groupMinimum
        }
      }
    }
  }

  /// Block: 32 bytes of third bits, 64 bytes of four 2-bit numbers, 12 bytes of 16 6-bit sub-scales, scale: f16.
  static func q3_k(_ source: Source, _ output: Output, _ count: Int) {
    for block in 0..<count {
      let source = source + 110 * block
      let output = output + 256 * block
      let scale = half(source + 108)
      for group in 0..<16 {
        let low = byte(source, 96 + group % 8) >> UInt8(truncatingIfNeeded: group / 8 * 4) & 15
        let high = byte(source, 104 + group % 4) >> UInt8(truncatingIfNeeded: group / 4 * 2) & 3
        let groupScale = scale * Float(Int32(low | high << 4) &- 32)
        let (numbers, shift) = twoBits(source + 32, group)
        // A third bit that is set means that nothing is subtracted.
        let thirds = source + 16 * (group % 2)
        let third = UInt8(truncatingIfNeeded: group / 2)
        for j in 0..<16 {
          let number = Int32(byte(numbers, j) >> shift & 3) &+ Int32(byte(thirds, j) >> third & 1) &* 4 &- 4
          output[16 * group + j] = groupScale * Float(number)
        }
      }
    }
  }

  /// Where the 2-bit numbers of the group `index` (0 to 15) of 16 elements begin, and by how much each is shifted: 32
  /// bytes hold 128 elements.
  @inline(__always)
  private static func twoBits(_ numbers: Source, _ index: Int) -> (numbers: Source, shift: UInt8) {
    (numbers + (index / 8 * 32 + index % 2 * 16), UInt8(truncatingIfNeeded: index % 8 / 2 * 2))
  }

  /// Block: scale, minimum: f16, 12 bytes of 6-bit sub-scales and sub-minima, 128 bytes of two 4-bit numbers.
  static func q4_k(_ source: Source, _ output: Output, _ count: Int) {
    for block in 0..<count {
      let source = source + 144 * block
      var output = output + 256 * block
      let scale = half(source)
      let minimum = half(source + 2)
      for group in 0..<4 {
        let (scale1, minimum1) = subscale(source + 4, 2 * group, scale, minimum)
        let (scale2, minimum2) = subscale(source + 4, 2 * group + 1, scale, minimum)
        let numbers = source + (16 + 32 * group)
        for j in 0..<32 {
          let pair = byte(numbers, j)
          output[j] = scale1 * Float(Int32(pair & 15)) - minimum1
          output[j + 32] = scale2 * Float(Int32(pair >> 4)) - minimum2
        }
        output += 64
      }
    }
  }

  /// Block: scale, minimum: f16, 12 bytes as of `q4_k`, 32 bytes of fifth bits, 128 bytes of two 4-bit numbers.
  static func q5_k(_ source: Source, _ output: Output, _ count: Int) {
    for block in 0..<count {
      let source = source + 176 * block
      var output = output + 256 * block
      let scale = half(source)
      let minimum = half(source + 2)
      for group in 0..<4 {
        let (scale1, minimum1) = subscale(source + 4, 2 * group, scale, minimum)
        let (scale2, minimum2) = subscale(source + 4, 2 * group + 1, scale, minimum)
        let high = source + 16
        let numbers = source + (48 + 32 * group)
        let shift = UInt8(truncatingIfNeeded: 2 * group)
        for j in 0..<32 {
          let pair = byte(numbers, j)
          let bits = byte(high, j) >> shift
          output[j] = scale1 * Float(Int32((pair & 15) | (bits & 1) << 4)) - minimum1
          output[j + 32] = scale2 * Float(Int32((pair >> 4) | (bits >> 1 & 1) << 4)) - minimum2
        }
        output += 64
      }
    }
  }

  /// The scale and minimum of the group `index` (0 to 7) of 32 elements, unpacked from 12 bytes at `packed`.
  @inline(__always)
  private static func subscale(
    _ packed: Source, _ index: Int, _ scale: Float, _ minimum: Float
  ) -> (scale: Float, minimum: Float) {
    let scaleBits: UInt8
    let minimumBits: UInt8
    if index < 4 {
      scaleBits = byte(packed, index) & 63
      minimumBits = byte(packed, index + 4) & 63
    } else {
      scaleBits = (byte(packed, index + 4) & 15) | (byte(packed, index - 4) >> 6) << 4
      minimumBits = (byte(packed, index + 4) >> 4) | (byte(packed, index) >> 6) << 4
    }
    return (scale * Float(Int32(scaleBits)), minimum * Float(Int32(minimumBits)))
  }

  /// Block: 128 bytes of low 4 bits, 64 bytes of high 2 bits, 16 signed sub-scales, scale: f16.
  static func q6_k(_ source: Source, _ output: Output, _ count: Int) {
    for block in 0..<count {
      let source = source + 210 * block
      let scale = half(source + 208)
      for part in 0..<2 {
        let output = output + (256 * block + 128 * part)
        let low = source + 64 * part
        let high = source + (128 + 32 * part)
        let scales = source + (192 + 8 * part)
        for side in 0..<2 {
          // The scales of elements 16 * side to 16 * side + 15 of each 32.
          let scale0 = scale * signed(scales, side)
          let scale1 = scale * signed(scales, side + 2)
          let scale2 = scale * signed(scales, side + 4)
          let scale3 = scale * signed(scales, side + 6)
          for j in (16 * side)..<(16 * side + 16) {
            let first = byte(low, j)
            let second = byte(low, j + 32)
            let bits = byte(high, j)
            output[j] = scale0 * Float(Int32((first & 15) | (bits & 3) << 4) &- 32)
            output[j + 32] = scale1 * Float(Int32((second & 15) | (bits >> 2 & 3) << 4) &- 32)
            output[j + 64] = scale2 * Float(Int32((first >> 4) | (bits >> 4 & 3) << 4) &- 32)
            output[j + 96] = scale3 * Float(Int32((second >> 4) | (bits >> 6) << 4) &- 32)
          }
        }
      }
    }
  }

  @inline(__always)
  private static func signed(_ source: Source, _ offset: Int) -> Float {
    Float(Int32(Int8(bitPattern: byte(source, offset))))
  }
}
