/// The way from the elements of a GGUF tensor to those of the checkpoint's tensor.
enum GGUFLayout: Sendable, Equatable {
  /// The elements stay where they are.
  case same
  /// `(heads, D/2, 2, C)` becomes `(heads, 2, D/2, C)`: llama.cpp stores the rows of queries and keys so that the two of a
  /// rotated pair are adjacent; Hugging Face keeps them half a head apart.
  case interleavedHeads(Int)
  /// `(3, heads, D, C)` becomes `(heads, 3, D, C)`: llama.cpp stores GPT-NeoX's queries of all heads, then keys, then
  /// values; Hugging Face keeps the three of each head together.
  case partsOfHeads(Int)
  /// `(R, C)` becomes `(C, R)`: Hugging Face's Conv1D keeps its weights as `(in, out)`.
  case transposed
  /// Each element becomes one less: Gemma's norms multiply by 1 + weight, which llama.cpp stores.
  case lessOne
}

/// The conversion of a GGUF tensor of `(rows, columns)` to a checkpoint's tensor.
struct GGUFConversion: Sendable {
  var type: GGMLType
  var dtype: Dtype
  var rows: Int
  var columns: Int
  var layout: GGUFLayout

  var byteCount: Int { rows * columns * dtype.bits / 8 }

  /// Makes the bytes of the checkpoint's tensor.
  ///
  /// - Parameter source: `rows` rows of `columns` elements of `type`, validated to be that long.
  /// - Complexity: reads each element once; takes 16 rows of memory besides the result.
  func bytes(from source: UnsafeRawBufferPointer) -> [UInt8] {
    guard rows > 0, columns > 0, let base = source.baseAddress else { return [] }
    let rowBytes = columns / type.blockSize * type.blockByteCount
    precondition(source.count == rows * rowBytes, "the caller checks the size")
    return [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
      let output = UnsafeMutableRawPointer(buffer.baseAddress!)
      if type.dtype == dtype, layout != .lessOne {
        dtype == .f32
          ? move(base, output, as: UInt32.self) : move(base, output, as: UInt16.self)
      } else if dtype == .f32, layout != .transposed {
        for row in 0..<rows {
          let target = (output + 4 * columns * targetRow(row)).assumingMemoryBound(to: Float.self)
          GGMLBlocks.decode(type, base + rowBytes * row, target, count: columns / type.blockSize)
          if layout == .lessOne { for column in 0..<columns { target[column] -= 1 } }
        }
      } else {
        switch dtype {
        case .f16: convert(base, output, rowBytes) { HalfPrecision.f16($0) }
        case .bf16: convert(base, output, rowBytes) { HalfPrecision.bf16($0) }
        default: convert(base, output, rowBytes) { $0.bitPattern }
        }
      }
      count = byteCount
    }
  }

  /// The index that a row gets, unless rows become columns.
  @inline(__always)
  private func targetRow(_ row: Int) -> Int {
    switch layout {
    case .same, .transposed, .lessOne: return row
    case .interleavedHeads(let heads):
      let size = rows / heads
      let (head, within) = row.quotientAndRemainder(dividingBy: size)
      return head * size + within % 2 * (size / 2) + within / 2
    case .partsOfHeads(let heads):
      let size = rows / heads / 3
      let (part, rest) = row.quotientAndRemainder(dividingBy: heads * size)
      let (head, within) = rest.quotientAndRemainder(dividingBy: size)
      return (head * 3 + part) * size + within
    }
  }

  /// Moves elements that keep their bits.
  private func move<Bits: FixedWidthInteger>(
    _ source: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, as: Bits.Type
  ) {
    let width = MemoryLayout<Bits>.size
    guard layout == .transposed else {
      for row in 0..<rows {
        (output + width * columns * targetRow(row)).copyMemory(
          from: source + width * columns * row, byteCount: width * columns)
      }
      return
    }
    let output = output.assumingMemoryBound(to: Bits.self)
    for first in stride(from: 0, to: rows, by: 16) {
      for column in 0..<columns {
        for row in first..<min(first + 16, rows) {
          output[column * rows + row] = source.loadUnaligned(
            fromByteOffset: width * (row * columns + column), as: Bits.self)
        }
      }
    }
  }

  /// Decodes and converts 16 rows at a time, so that transposing fills whole cache lines.
  @inline(__always)
  private func convert<Bits: FixedWidthInteger>(
    _ source: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ rowBytes: Int,
    _ bits: (Float) -> Bits
  ) {
    let output = output.assumingMemoryBound(to: Bits.self)
    let scratch = UnsafeMutablePointer<Float>.allocate(capacity: min(16, rows) * columns)
    defer { scratch.deallocate() }
    for first in stride(from: 0, to: rows, by: 16) {
      let count = min(16, rows - first)
      GGMLBlocks.decode(
        type, source + rowBytes * first, scratch, count: count * (columns / type.blockSize))
      if layout == .lessOne { for i in 0..<(count * columns) { scratch[i] -= 1 } }
      if layout == .transposed {
        for column in 0..<columns {
          for row in 0..<count { output[column * rows + first + row] = bits(scratch[row * columns + column]) }
        }
      } else {
        for row in 0..<count {
          let target = output + columns * targetRow(first + row)
          for column in 0..<columns { target[column] = bits(scratch[row * columns + column]) }
        }
      }
    }
  }
}
