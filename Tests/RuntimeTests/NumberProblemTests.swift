import Foundation
import TestSupport
import Testing

@testable import Format
@testable import Runtime

/// Weights and activations that are not finite.
@Suite struct NumberProblemTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// gpt2-a with one element of a tensor changed.
  private func model(_ tensor: String, _ index: Int, _ value: Float) throws -> LanguageModel {
    let source = "\(ModelFixture.folder)/gpt2-a"
    for file in ["config.json", "tokenizer.json"] where !FileManager.default.fileExists(atPath: folder.file(file)) {
      try FileManager.default.copyItem(atPath: "\(source)/\(file)", toPath: folder.file(file))
    }
    let tensors = try Checkpoint(path: source).tensors.map { original -> Tensor in
      guard original.name == ByteString(tensor), var values = original.floats() else { return original }
      values[index] = value
      return Tensor(name: original.name, shape: original.shape, floats: values)
    }
    try SafetensorsFile.write(tensors, metadata: [:], to: folder.file("model.safetensors"))
    return try LanguageModel(path: folder.path, threads: 2)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity]) func namesTheFirstWeight(_ value: Float) throws {
    let model = try model("transformer.h.1.mlp.c_fc.weight", 192 * 5 + 7, value)
    let generation = model.generate([1, 2, 3], maxTokens: 4)
    #expect(generation.finish == .notFinite && generation.ids.isEmpty && !generation.isFinite)
    let error = model.numberProblem(behind: [1, 2, 3])
    #expect(error.kind == .notFinite)
    #expect(error.description.contains("tensor transformer.h.1.mlp.c_fc.weight: element [5, 7] is not finite"))
    #expect { try model.requireFinite(behind: [1]) } throws: { ($0 as? FormatError)?.kind == .notFinite }
  }

  /// Weights that are finite and make the feed-forward's input, the values of an attention or the logits overflow.
  @Test(arguments: [
    ("transformer.h.1.mlp.c_fc.weight", 0, "mlp of layer 1"),
    ("transformer.h.0.attn.c_attn.weight", 96, "attn of layer 0"),
    ("transformer.ln_f.bias", 0, "the logits"),
  ])
  func namesTheFirstLayerThatOverflows(_ tensor: String, _ index: Int, _ place: String) throws {
    let model = try model(tensor, index, 3.4e38)
    let error = model.numberProblem(behind: Array(1...20))
    #expect(error.description.contains("\(place): the activations are not finite"), "\(error)")
  }

  @Test func goesOnWhereForced() throws {
    let model = try model("transformer.ln_f.weight", 0, .nan)
    var request = GenerationRequest([1, 2, 3], maxTokens: 3)
    request.isForced = true
    let generation = model.generate(request)
    #expect(!generation.isFinite && generation.finish != .notFinite)
  }

  @Test func finiteModelsAreFinite() throws {
    let model = try model("transformer.ln_f.weight", 0, 1)
    try model.requireFinite(behind: [1, 2, 3])
    #expect(model.checkpoint.firstNotFinite() == nil)
    #expect(model.generate([1, 2, 3], maxTokens: 2).isFinite)
  }

  /// Every dtype's infinities and NaNs, at each place of a row.
  @Test(
    arguments: [
      (Dtype.f32, [0x00, 0x00, 0x80, 0x7F]), (.f32, [0x01, 0x00, 0xC0, 0xFF]), (.f16, [0x00, 0x7C]),
      (.f16, [0x01, 0xFE]),
      (.bf16, [0x80, 0x7F]), (.bf16, [0xC0, 0xFF]), (.f64, [0, 0, 0, 0, 0, 0, 0xF0, 0x7F]), (.f8e4m3, [0x7F]),
      (.f8e4m3, [0xFF]),
    ] as [(Dtype, [UInt8])])
  func findsEveryKind(_ dtype: Dtype, _ bits: [UInt8]) throws {
    for place in 0..<6 {
      // The largest finite number of each dtype stands around it.
      var bytes = [[UInt8]](repeating: bits, count: 6)
      for i in 0..<6 where i != place { bytes[i][bits.count - 1] = dtype == .f8e4m3 ? 0x7E : 0x7B }
      let tensor = Tensor(name: "x", dtype: dtype, shape: [2, 3], bytes: bytes.flatMap(\.self))
      try SafetensorsFile.write([tensor], metadata: [:], to: folder.file("t"))
      #expect(try Checkpoint(path: folder.file("t")).firstNotFinite()?.index == place)
    }
  }
}
