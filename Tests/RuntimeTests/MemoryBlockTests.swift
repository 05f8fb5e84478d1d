import Foundation
import Kernels
import Testing

@testable import Format
@testable import Runtime

/// The formulas of the format, and the backward through them.
@Suite struct MemoryBlockTests {
  static func memory(_ rows: [MemoryRow]) -> Memory {
    Memory(
      name: "m", prompt: "", target: "", targetIDs: [], method: "seed", site: "mlp", layer: 0, token: "last",
      rows: rows,
      entry: .null, scores: .null)
  }

  @Test func sumsOverRegionsThatSeeTheUnmodifiedActivation() {
    let block = MemoryBlock(address: SiteAddress(layer: 0, site: .mlp), width: 3)
    let module: ByteString = "m"
    func row(_ key: [Float], _ delta: [Float], _ b: Float) -> MemoryRow {
      MemoryRow(
        module: module, position: 0, targetID: 0, alpha: 1, boundary: b, hardness: 3, key: key, delta: delta)
    }
    // The first delta would move the activation out of the second region, were it to see it.
    block.append(row([2, 0, 0], [-10, 1, 0], 0.5), of: "a")
    block.append(row([0, 2, 0], [0, 0, 5], 0.5), of: "b")
    block.append(row([0, 0, 4], [7, 7, 7], 0.1), of: "c")
    var activation: [Float] = [2, 2, 0]
    var fired: [Int] = []
    var scratch: [Float] = []
    activation.withUnsafeMutableBufferPointer {
      let rows = kernel_rows(values: $0.baseAddress, stride: 3)
      block.apply(rows, count: 1, scratch: &scratch, pool: nil) { _, index, similarity, strength in
        fired.append(index)
        #expect(similarity == 1 && strength == 1)
      }
    }
    #expect(activation == [-8, 3, 5])
    #expect(fired == [0, 1])
  }

  /// With a memory that half fires, the gradient at sites below it agrees with finite differences.
  @Test(arguments: ["gpt2-a", "llama-a"].map(ModelFixture.init))
  func backwardThroughAFiringMemory(_ fixture: ModelFixture) throws {
    let model = try fixture.transformer()
    let item = try #require(try fixture.cases().first)
    let upper = SiteAddress(layer: 1, site: .mlp)
    let plain = model.singleBatch(item.ids)
    let tape = Tape(forBackward: false)
    model.forward(plain, tape: tape)
    let last = item.ids.count - 1
    let key = tape[1].feedForward.array(last)
    var random = SeededGenerator(seed: 7)
    let delta = key.map { _ in Float.random(in: -0.5...0.5, using: &random) }
    let set = try MemorySet(
      [
        Self.memory([
          MemoryRow(
            module: model.module(upper), position: last, targetID: 0, alpha: 1, boundary: 0.6, hardness: 2,
            key: key.map { $0 * 1.3 }, delta: delta)
        ])
      ], for: model)
    let lower = SiteAddress(layer: 0, site: .attn)
    func loss(_ patch: [Float]) -> Double {
      let batch = model.singleBatch(item.ids, memories: set)
      // The patch goes to every token; so the gradient is the sum over tokens.
      model.forward(batch) { address in
        guard address == lower else { return }
        for row in 0..<batch.rows { kernel_add_scaled(batch.attention.row(row), patch, 1, patch.count) }
      }
      let row = model.logits(batch.residual, rows: [last]).array(0).map(Double.init)
      let most = row.max()!
      return most + log(row.reduce(0) { $0 + exp($1 - most) }) - row[item.target]
    }
    let batch = model.singleBatch(item.ids, memories: set)
    let full = Tape(forBackward: true)
    model.forward(batch, tape: full)
    let gradients = model.gradients(batch, tape: full, losses: [LossTerm(row: last, target: item.target)])
    let width = model.shape.width(of: .attn)
    let direction = (0..<width).map { _ in Float.random(in: -1...1, using: &random) }
    var analytic = 0.0
    for row in 0...last {
      for d in 0..<width { analytic += Double(gradients[lower].row(row)[d] * direction[d]) }
    }
    let step: Float = 1e-3
    let numeric = (loss(direction.map { $0 * step }) - loss(direction.map { -$0 * step })) / Double(2 * step)
    #expect(abs(numeric - analytic) < 2e-2 * max(1, abs(numeric)), "numeric \(numeric), analytic \(analytic)")
  }
}
