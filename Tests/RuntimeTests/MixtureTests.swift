import Kernels
import TestSupport
import Testing

@testable import Format
@testable import Runtime

/// Mixtures of experts: how files keep them, and which experts a row goes through.
@Suite struct MixtureTests {
  /// The names of an expert's gate, up and output, and what stands before them.
  private struct Names {
    let prefix: String
    let gate: String
    let up: String
    let output: String
  }

  private static let names = [
    "mixtral-b": Names(prefix: "block_sparse_moe", gate: "w1", up: "w3", output: "w2"),
    "qwen2_moe-b": Names(prefix: "mlp", gate: "gate_proj", up: "up_proj", output: "down_proj"),
  ]

  /// Experts in tensors of their own are the same model as all in one tensor, to the bit.
  @Test(arguments: ["mixtral-b", "qwen2_moe-b"])
  func bothWaysToKeepExpertsAreTheSameModel(_ name: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.model(name)
    let names = try #require(Self.names[name])
    let fused = try Checkpoint(path: ModelFixture(name: name).path)
    let separate = fused.tensors.flatMap { Self.separate($0, names) }
    #expect(separate.count > fused.tensors.count)
    try SafetensorsFile.write(separate, metadata: [:], to: "\(path)/model.safetensors")
    let ids = Array(1...20)
    let a = try Transformer.load(fused, pool: WorkerPool(threads: 2))
    let b = try Transformer.load(Checkpoint(path: path), pool: WorkerPool(threads: 2))
    #expect(a.logits(of: ids, rows: ids.indices).array == b.logits(of: ids, rows: ids.indices).array)
    let (c, d) = (a.gradients(of: ids, target: 7), b.gradients(of: ids, target: 7))
    for address in a.shape.addresses { #expect(relativeError(c[address].array, d[address].array) < 1e-5) }
  }

  /// The tensors of single experts that one for all stands for; another tensor under its older name.
  private static func separate(_ tensor: Tensor, _ names: Names) -> [Tensor] {
    let name = tensor.name.description.replacing(".mlp.", with: ".\(names.prefix).")
    let isInput = name.hasSuffix(".experts.gate_up_proj")
    guard isInput || name.hasSuffix(".experts.down_proj") else {
      var renamed = tensor
      if name.hasSuffix("\(names.prefix).gate.weight") { renamed.name = ByteString(name) }
      return [renamed]
    }
    let bytes = tensor.withBytes { Array($0) }
    let parts = isInput ? [names.gate, names.up] : [names.output]
    let shape = [tensor.shape[1] / parts.count, tensor.shape[2]]
    let size = bytes.count / tensor.shape[0] / parts.count
    let experts = name.replacing(isInput ? ".gate_up_proj" : ".down_proj", with: "")
    return (0..<tensor.shape[0]).flatMap { expert in
      parts.enumerated().map { i, part in
        let start = (expert * parts.count + i) * size
        return Tensor(
          name: ByteString("\(experts).\(expert).\(part).weight"), dtype: tensor.dtype, shape: shape,
          bytes: Array(bytes[start..<(start + size)]))
      }
    }
  }

  /// Slots are given expert by expert, within an expert row by row.
  @Test func slotsStandExpertByExpert() {
    let sizes = MixtureShape(layers: [0], experts: 5, chosen: 2, width: 3)
    let slots = ExpertRows(rows: 4, width: 2, shape: sizes)
    for (place, expert) in [4, 1, 1, 0, 4, 0, 1, 4].enumerated() { slots.choices[place] = expert }
    for _ in 0..<2 {
      slots.group(rows: 4)
      #expect(slots.active == [0, 1, 4] && slots.starts == [0, 2, 5, 8])
      #expect((0..<8).map { slots.row(ofSlot: $0) } == [1, 2, 0, 1, 3, 0, 2, 3])
      #expect((0..<8).map { slots.places[slots.slots[$0]] } == Array(0..<8))
    }
    slots.group(rows: 1)
    #expect(slots.active == [1, 4] && slots.count == 2)
  }

  /// Of equally likely experts the first are chosen, and probabilities that are no numbers trap nothing.
  @Test(arguments: [Float(0), .nan])
  func equallyLikelyExperts(_ value: Float) throws {
    let model = try ModelFixture(name: "mixtral-a").transformer(threads: 1)
    let sizes = try #require(model.shape.mixture)
    guard case .mixture(let mixture) = model.blocks[0].feedForward else {
      Issue.record("the block is dense")
      return
    }
    let slots = ExpertRows(rows: 1, width: model.shape.width, shape: sizes)
    let (x, y) = (FloatMatrix(1, model.shape.width), FloatMatrix(1, model.shape.width))
    x.fill(value)
    mixture.forward(x, rows: 1, activation: kernel_silu, in: slots, into: y, pool: model.pool)
    let chosen = (0..<sizes.chosen).map { slots.choices[$0] }
    #expect(chosen.allSatisfy { 0..<sizes.experts ~= $0 })
    if value == 0 { #expect(chosen == [0, 1] && slots.weights.array == [0.5, 0.5]) }
  }
}
