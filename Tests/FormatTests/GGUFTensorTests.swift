import Foundation
import Testing

@testable import Format

@Suite("GGUF: tensors")
struct GGUFTensorTests {
  @Test("every type is dequantized bit for bit as gguf-py does it", arguments: GGMLType.allCases)
  func dequantized(type: GGMLType) throws {
    let container = try GGUFContainer(path: Fixtures.gguf("types.gguf"))
    let expected = try Fixtures.tensors(safetensors: Fixtures.gguf("types.safetensors"))
    let info = try #require(container.tensors[ByteString(type.name)])
    let tensor = try #require(expected[ByteString(type.name)])
    #expect(info.shape == tensor.shape)
    #expect(made(info, .f32) == tensor.bytes)
  }

  /// The bytes of a tensor of types.gguf as `dtype`.
  private func made(_ info: GGUFTensorInfo, _ dtype: Dtype) -> [UInt8] {
    let conversion = GGUFConversion(info, to: dtype, .same)
    return [UInt8](unsafeUninitializedCapacity: conversion.byteCount) { buffer, count in
      info.withBytes {
        conversion.write(
          $0,
          to: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<conversion.byteCount]))
      }
      count = conversion.byteCount
    }
  }

  @Test(
    "every entry of a codebook is gguf-py's",
    arguments: [GGMLType.iq1_s, .iq1_m, .iq2_xxs, .iq2_xs, .iq2_s, .iq3_xxs, .iq3_s])
  func codebooks(type: GGMLType) throws {
    let container = try GGUFContainer(path: Fixtures.gguf("types.gguf"))
    let expected = try Fixtures.tensors(safetensors: Fixtures.gguf("types.safetensors"))
    let name = ByteString("\(type.name) codebook")
    let hash = try #require(expected[name]).bytes.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
    #expect(SHA256.hex(made(try #require(container.tensors[name]), .f32)) == hash)
  }

  @Test("rows in work side by side go where one after the other would put them", arguments: [Dtype.f32, .f16])
  func parallel(dtype: Dtype) throws {
    // Rows of other lengths and numbers than a part has, each element its own number modulo 256.
    let (rows, columns) = (1030, 96)
    let temporary = TemporaryFile()
    try temporary.write((0..<(rows * columns)).map { UInt8(truncatingIfNeeded: $0 * 7 / 5) })
    let file = try MappedFile(path: temporary.path)
    let source = (0..<(rows * columns)).map { Float(Int8(truncatingIfNeeded: $0 * 7 / 5)) }
    for layout in [GGUFLayout.same, .transposed, .lessOne, .interleavedHeads(5)] {
      let info = GGUFTensorInfo(
        name: "a", type: .i8, shape: [rows, columns], file: file, range: 0..<(rows * columns))
      let conversion = GGUFConversion(info, to: dtype, layout)
      let tensor = Tensor(name: "a", dtype: dtype, shape: [rows, columns], byteCount: conversion.byteCount) { target in
        info.withBytes { conversion.write($0, to: target) }
      }
      var expected = source
      for row in 0..<rows {
        for column in 0..<columns {
          let value = source[row * columns + column]
          switch layout {
          case .transposed: expected[column * rows + row] = value
          case .lessOne: expected[row * columns + column] = value - 1
          case .interleavedHeads:
            let (head, within) = row.quotientAndRemainder(dividingBy: 206)
            expected[(head * 206 + within % 2 * 103 + within / 2) * columns + column] = value
          default: break
          }
        }
      }
      #expect(tensor.floats() == expected, "\(layout)")
    }
  }

  @Test("blocks that are cut short", arguments: GGMLType.allCases)
  func blocks(type: GGMLType) throws {
    let temporary = TemporaryFile()
    func container(elements: Int, bytes: Int) throws -> GGUFContainer {
      var file = GGUFBytes(tensors: 1, entries: 0)
      file.tensor("a", [UInt64(elements), 1], type: type.rawValue, offset: 0)
      file.pad()
      try temporary.write(file.bytes + [UInt8](repeating: 0xFF, count: bytes))
      return try GGUFContainer(path: temporary.path)
    }
    let (size, count) = (type.blockSize, type.blockByteCount)
    let info = try #require(try container(elements: 2 * size, bytes: 2 * count).tensors["a"])
    // Bits that are all set are numbers, or none, of each type.
    let conversion = GGUFConversion(info, to: .f32, .same)
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 8 * size, alignment: 16)
    defer { bytes.deallocate() }
    info.withBytes { conversion.write($0, to: bytes) }
    #expect(throws: FormatError.self) { try container(elements: 2 * size, bytes: 2 * count - 1) }
    guard size > 1 else { return }
    #expect(throws: FormatError.self) { try container(elements: 2 * size - 1, bytes: 2 * count) }
    #expect(throws: FormatError.self) { try container(elements: size / 2, bytes: 2 * count) }
  }

  @Test("F32 is rounded to the nearest, ties to even", arguments: [Dtype.f16, .bf16])
  func rounded(dtype: Dtype) throws {
    let container = try GGUFContainer(path: Fixtures.gguf("types.gguf"))
    let expected = try Fixtures.tensors(safetensors: Fixtures.gguf("types.safetensors"))
    let info = try #require(container.tensors["F32"])
    let tensor = try #require(expected[ByteString("F32 as \(dtype.rawValue)")])
    #expect(made(info, dtype) == tensor.bytes)
  }

  @Test("every half converts to a float and back")
  func halves() {
    for bits in UInt16.min...UInt16.max {
      let half = HalfPrecision.float(f16: bits)
      let short = HalfPrecision.float(bf16: bits)
      if half.isNaN {
        #expect(HalfPrecision.float(f16: HalfPrecision.f16(half)).isNaN)
      } else if HalfPrecision.f16(half) != bits {
        Issue.record("half \(bits)")
      }
      if short.isNaN {
        #expect(HalfPrecision.float(bf16: HalfPrecision.bf16(short)).isNaN)
      } else if HalfPrecision.bf16(short) != bits {
        Issue.record("bfloat16 \(bits)")
      }
    }
  }

  @Test("a model's tensors are the original's", arguments: ["llama", "llama_bias", "gpt2"])
  func mapped(model: String) throws {
    let file = try GGUFFile(path: Fixtures.gguf("\(model).gguf"))
    let expected = try Fixtures.tensors(safetensors: Fixtures.gguf("\(model).safetensors"))
    let tensors = try file.tensors(dtype: .f32)
    #expect(tensors.map(\.name) == expected.keys.sorted())
    for tensor in tensors {
      let original = try #require(expected[tensor.name])
      #expect(tensor.dtype == .f32)
      #expect(tensor.shape == original.shape, "\(tensor.name)")
      let bytes = tensor.bytes
      #expect(bytes.count == tensor.byteCount)
      #expect(bytes == original.bytes, "\(tensor.name)")
    }
  }

  @Test(
    "16-bit results are the rounded F32 ones", arguments: ["llama", "llama_bias", "gpt2"], [Dtype.f16, .bf16])
  func converted(model: String, dtype: Dtype) throws {
    let file = try GGUFFile(path: Fixtures.gguf("\(model).gguf"))
    for (tensor, wide) in zip(try file.tensors(dtype: dtype), try file.tensors(dtype: .f32)) {
      #expect(tensor.dtype == dtype)
      #expect(tensor.shape == wide.shape)
      let expected = try #require(wide.floats()).flatMap { value in
        let bits = dtype == .f16 ? HalfPrecision.f16(value) : HalfPrecision.bf16(value)
        return [UInt8(bits & 0xFF), UInt8(bits >> 8)]
      }
      #expect(tensor.bytes == expected, "\(tensor.name)")
    }
  }

  @Test("without a dtype, floats keep theirs and quantized tensors become F32")
  func kept() throws {
    for model in ["llama", "llama_bias", "gpt2"] {
      let file = try GGUFFile(path: Fixtures.gguf("\(model).gguf"))
      for (kept, wide) in zip(try file.tensors(dtype: nil), try file.tensors(dtype: .f32)) {
        #expect(kept.floats() == wide.floats(), "\(kept.name)")
        #expect(kept.byteCount == kept.elementCount * kept.dtype.bits / 8)
      }
    }
    let bias = try GGUFFile(path: Fixtures.gguf("llama_bias.gguf")).tensors(dtype: nil)
    #expect(bias.first { $0.name == "lm_head.weight" }?.dtype == .bf16)
    #expect(bias.first { $0.name == "lm_head.weight" }?.mapped != nil)
    #expect(bias.first { $0.name == "model.layers.0.self_attn.q_proj.weight" }?.dtype == .bf16)
    #expect(bias.first { $0.name == "model.norm.weight" }?.dtype == .f32)
    let gpt2 = try GGUFFile(path: Fixtures.gguf("gpt2.gguf")).tensors(dtype: nil)
    #expect(gpt2.first { $0.name == "transformer.h.0.attn.c_attn.weight" }?.dtype == .f16)
    #expect(gpt2.first { $0.name == "transformer.h.0.mlp.c_fc.weight" }?.dtype == .f32)
  }

  @Test("an integer dtype is refused")
  func refusedDtype() throws {
    let file = try GGUFFile(path: Fixtures.gguf("llama.gguf"))
    #expect(throws: FormatError.self) { try file.tensors(dtype: .i8) }
  }

  @Test("GGUF 2 is read like GGUF 3")
  func version2() throws {
    let temporary = TemporaryFile()
    try temporary.write(GGUFBytes.tinyLlama(version: 2))
    #expect(try GGUFFile(path: temporary.path).tensors(dtype: nil).count == 11)
  }
}
