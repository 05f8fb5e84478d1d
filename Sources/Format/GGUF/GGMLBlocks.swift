/// Dequantization with the bits of ggml's `dequantize_row_*` (ggml-org/ggml, `ggml-quants.c`): each product and sum is
/// rounded on its own.
///
/// Every function reads `count` blocks at `source`, which need not be aligned, and writes `count` times the block's size
/// in floats to `output`.
enum GGMLBlocks {
  typealias Source = UnsafeRawPointer
  typealias Output = UnsafeMutablePointer<Float>

  /// Decodes `count` blocks of `type` to F32.
  static func decode(_ type: GGMLType, _ source: Source, _ output: Output, count: Int) {
    switch type {
    case .f32: UnsafeMutableRawPointer(output).copyMemory(from: source, byteCount: 4 * count)
    case .f16: plain(source, output, count) { HalfPrecision.float(f16: $0) }
    case .bf16: plain(source, output, count) { HalfPrecision.float(bf16: $0) }
    case .f64: plain(source, output, count) { Float(Double(bitPattern: $0)) }
    case .i8: plain(source, output, count) { Float(Int8(bitPattern: $0)) }
    case .i16: plain(source, output, count) { Float(Int16(bitPattern: $0)) }
    case .i32: plain(source, output, count) { Float(Int32(bitPattern: $0)) }
    case .i64: plain(source, output, count) { Float(Int64(bitPattern: $0)) }
    case .q4_0: q4_0(source, output, count)
    case .q4_1: q4_1(source, output, count)
    case .q5_0: q5_0(source, output, count)
    case .q5_1: q5_1(source, output, count)
    case .q8_0: q8_0(source, output, count)
    case .q2_k: q2_k(source, output, count)
    case .q3_k: q3_k(source, output, count)
    case .q4_k: q4_k(source, output, count)
    case .q5_k: q5_k(source, output, count)
    case .q6_k: q6_k(source, output, count)
    case .iq1_s: iq1_s(source, output, count)
    case .iq1_m: iq1_m(source, output, count)
    case .iq2_xxs: iq2_xxs(source, output, count)
    case .iq2_xs: iq2_xs(source, output, count)
    case .iq2_s: iq2_s(source, output, count)
    case .iq3_xxs: iq3_xxs(source, output, count)
    case .iq3_s: iq3_s(source, output, count)
    case .iq4_nl: iq4_nl(source, output, count)
    case .iq4_xs: iq4_xs(source, output, count)
    case .tq1_0: tq1_0(source, output, count)
    case .tq2_0: tq2_0(source, output, count)
    case .mxfp4: mxfp4(source, output, count)
    case .nvfp4: nvfp4(source, output, count)
    }
  }

  /// Elements that stand alone, by their bits.
  @inline(__always)
  private static func plain<Bits: FixedWidthInteger>(
    _ source: Source, _ output: Output, _ count: Int, _ value: (Bits) -> Float
  ) {
    for i in 0..<count { output[i] = value(integer(source, MemoryLayout<Bits>.size * i)) }
  }

  @inline(__always)
  static func integer<Bits: FixedWidthInteger>(_ source: Source, _ offset: Int) -> Bits {
    Bits(littleEndian: source.loadUnaligned(fromByteOffset: offset, as: Bits.self))
  }

  @inline(__always)
  static func half(_ source: Source) -> Float {
    HalfPrecision.float(f16: integer(source, 0))
  }

  @inline(__always)
  static func byte(_ source: Source, _ offset: Int) -> UInt8 {
    source.load(fromByteOffset: offset, as: UInt8.self)
  }

  /// Block: scale: f16, 16 bytes of two 4-bit numbers; the low halves are the first 16 elements.
  private static func q4_0(_ source: Source, _ output: Output, _ count: Int) {
    for block in 0..<count {
      let source = source + 18 * block
      let output = output + 32 * block
      let scale = half(source)
      for j in 0..<16 {
        let pair = byte(source, 2 + j)
        output[j] = scale * Float(Int32(pair & 15) &- 8)
        output[j + 16] = scale * Float(Int32(pair >> 4) &- 8)
      }
    }
  }

  /// Block: scale, minimum: f16, 16 bytes of two 4-bit numbers.
  private static func q4_1(_ source: Source, _ output: Output, _ count: Int) {
    for block in 0..<count {
      let source = source + 20 * block
      let output = output + 32 * block
      let scale = half(source)
      let minimum = half(source + 2)
      for j in 0..<16 {
        let pair = byte(source, 4 + j)
        output[j] = scale * Float(Int32(pair & 15)) + minimum
        output[j + 16] = scale * Float(Int32(pair >> 4)) + minimum
      }
    }
  }

  /// Block: scale: f16, 32 fifth bits, 16 bytes of two 4-bit numbers.
  private static func q5_0(_ source: Source, _ output: Output, _ count: Int) {
    for block in 0..<count {
      let source = source + 22 * block
      let output = output + 32 * block
      let scale = half(source)
      let high: UInt32 = integer(source, 2)
      for j in 0..<16 {
        let pair = UInt32(byte(source, 6 + j))
        let low = (pair & 15) | (high >> UInt32(j) & 1) << 4
        let upper = (pair >> 4) | (high >> UInt32(j + 16) & 1) << 4
        output[j] = scale * Float(Int32(bitPattern: low) &- 16)
        output[j + 16] = scale * Float(Int32(bitPattern: upper) &- 16)
      }
    }
  }

  /// Block: scale, minimum: f16, 32 fifth bits, 16 bytes of two 4-bit numbers.
  private static func q5_1(_ source: Source, _ output: Output, _ count: Int) {
    for block in 0..<count {
      let source = source + 24 * block
      let output = output + 32 * block
      let scale = half(source)
      let minimum = half(source + 2)
      let high: UInt32 = integer(source, 4)
      for j in 0..<16 {
        let pair = UInt32(byte(source, 8 + j))
        let low = (pair & 15) | (high >> UInt32(j) & 1) << 4
        let upper = (pair >> 4) | (high >> UInt32(j + 16) & 1) << 4
        output[j] = scale * Float(Int32(bitPattern: low)) + minimum
        output[j + 16] = scale * Float(Int32(bitPattern: upper)) + minimum
      }
    }
  }

  /// Block: scale: f16, 32 signed bytes.
  private static func q8_0(_ source: Source, _ output: Output, _ count: Int) {
    for block in 0..<count {
      let source = source + 34 * block
      let output = output + 32 * block
      let scale = half(source)
      for j in 0..<32 {
        output[j] = Float(Int32(Int8(bitPattern: byte(source, 2 + j)))) * scale
      }
    }
  }
}
