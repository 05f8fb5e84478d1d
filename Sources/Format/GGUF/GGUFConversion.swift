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

  /// The rows that are decoded together, so that transposing fills whole cache lines.
  private static let group = 16

  /// Writes the bytes of the checkpoint's tensor to `target`, on all processors.
  ///
  /// - Parameters:
  ///   - source: `rows` rows of `columns` elements of `type`, validated to be that long.
  ///   - target: `byteCount` bytes, aligned to elements.
  /// - Complexity: reads each element once; takes 16 rows of memory for each part that is in work.
  func write(_ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer) {
    guard rows > 0, columns > 0, let base = source.baseAddress, let output = target.baseAddress else { return }
    precondition(
      source.count == rows * rowBytes && target.count == byteCount, "the caller checks the sizes")
    // Each part writes rows, or columns, of its own.
    nonisolated(unsafe) let (from, to) = (base, output)
    (0..<rows).concurrentParts(grain: Self.group, elementsPerUnit: columns) { write($0, from, to) }
  }

  private var rowBytes: Int { columns / type.blockSize * type.blockByteCount }

  /// Writes what the rows `part` of the source become.
  private func write(_ part: Range<Int>, _ base: UnsafeRawPointer, _ output: UnsafeMutableRawPointer) {
    if type.dtype == dtype, layout != .lessOne {
      dtype == .f32
        ? move(part, base, output, as: UInt32.self) : move(part, base, output, as: UInt16.self)
    } else if dtype == .f32, layout != .transposed {
      for row in part {
        let target = (output + 4 * columns * targetRow(row)).assumingMemoryBound(to: Float.self)
        GGMLBlocks.decode(type, base + rowBytes * row, target, count: columns / type.blockSize)
        if layout == .lessOne { for column in 0..<columns { target[column] -= 1 } }
      }
    } else {
      switch dtype {
      case .f16: convert(part, base, output) { HalfPrecision.f16($0) }
      case .bf16: convert(part, base, output) { HalfPrecision.bf16($0) }
      default: convert(part, base, output) { $0.bitPattern }
      }
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
    _ part: Range<Int>, _ source: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, as: Bits.Type
  ) {
    let width = MemoryLayout<Bits>.size
    guard layout == .transposed else {
      for row in part {
        (output + width * columns * targetRow(row)).copyMemory(
          from: source + width * columns * row, byteCount: width * columns)
      }
      return
    }
    let output = output.assumingMemoryBound(to: Bits.self)
    for group in groups(part) {
      for column in 0..<columns {
        for row in group {
          output[column * rows + row] = source.loadUnaligned(
            fromByteOffset: width * (row * columns + column), as: Bits.self)
        }
      }
    }
  }

  /// Decodes and converts a group of rows at a time.
  @inline(__always)
  private func convert<Bits: FixedWidthInteger>(
    _ part: Range<Int>, _ source: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ bits: (Float) -> Bits
  ) {
    let output = output.assumingMemoryBound(to: Bits.self)
    let scratch = UnsafeMutablePointer<Float>.allocate(capacity: min(Self.group, part.count) * columns)
    defer { scratch.deallocate() }
    for group in groups(part) {
      let first = group.lowerBound
      GGMLBlocks.decode(
        type, source + rowBytes * first, scratch, count: group.count * (columns / type.blockSize))
      if layout == .lessOne { for i in 0..<(group.count * columns) { scratch[i] -= 1 } }
      if layout == .transposed {
        for column in 0..<columns {
          for row in group { output[column * rows + row] = bits(scratch[(row - first) * columns + column]) }
        }
      } else {
        for row in group {
          let target = output + columns * targetRow(row)
          for column in 0..<columns { target[column] = bits(scratch[(row - first) * columns + column]) }
        }
      }
    }
  }

  private func groups(_ part: Range<Int>) -> some Sequence<Range<Int>> {
    stride(from: part.lowerBound, to: part.upperBound, by: Self.group).lazy.map {
      $0..<Swift.min($0 + Self.group, part.upperBound)
    }
  }
}
