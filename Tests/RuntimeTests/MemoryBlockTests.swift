import Foundation
import Kernels
import Testing

@testable import Format
@testable import Runtime

/// The deltas that rows add, and the backward through them.
@Suite struct MemoryBlockTests {
  @Test func rowsSeeTheUnmodifiedActivation() {
    let block = MemoryBlock(address: SiteAddress(layer: 0, site: .mlp), width: 3)
    // The first delta would move the activation out of the second region.
    block.append(.sample(boundary: 0.5, hardness: 3, key: [2, 0, 0], delta: [-10, 1, 0]), of: "a")
    block.append(.sample(boundary: 0.5, hardness: 3, key: [0, 2, 0], delta: [0, 0, 5]), of: "b")
    block.append(.sample(boundary: 0.1, hardness: 3, key: [0, 0, 4], delta: [7, 7, 7]), of: "c")
    var activation: [Float] = [2, 2, 0]
    var fired: [Int] = []
    var buffers = RegionTable.Buffers()
    activation.withUnsafeMutableBufferPointer {
      let rows = kernel_rows(values: $0.baseAddress, stride: 3)
      block.apply(rows, count: 1, buffers: &buffers, pool: nil) { _, index, similarity, strength in
        fired.append(index)
        #expect(similarity == 1 && strength == 1)
      }
    }
    #expect(activation == [-8, 3, 5])
    #expect(fired == [0, 1])
  }

  /// With a row that acts at part of its strength, gradients below it agree with finite differences.
  @Test(arguments: ["gpt2-a", "llama-a"].map(ModelFixture.init), [false, true])
  func backwardAgreesWithFiniteDifferences(_ fixture: ModelFixture, asksForCues: Bool) throws {
    let model = try fixture.transformer()
    let item = try #require(try fixture.cases().first)
    var random = SeededGenerator(seed: 7)
    let set = try Self.actingOnTheLastToken(
      of: item.ids, model, asksForCues: asksForCues, using: &random)
    let direction = FloatMatrix.random(1, model.shape.width(of: .attn), using: &random).array
    // A patch goes to all tokens, so its gradient is their sum.
    let gradient = model.gradients(of: item.ids, target: item.target, memories: set)[Self.lower]
    let analytic = item.ids.indices.reduce(0.0) { sum, row in
      sum + zip(gradient.array(row), direction).reduce(0.0) { $0 + Double($1.0 * $1.1) }
    }
    func loss(_ step: Float) -> Double {
      Self.loss(item, model, set, patch: direction.map { $0 * step })
    }
    let step: Float = 1e-3
    let numeric = (loss(step) - loss(-step)) / Double(2 * step)
    #expect(abs(numeric - analytic) < 2e-3 * max(1, abs(numeric)), "numeric \(numeric), analytic \(analytic)")
  }

  private static let upper = SiteAddress(layer: 1, site: .mlp)
  private static let lower = SiteAddress(layer: 0, site: .attn)

  /// A row at `upper` keyed by 1.3 times the last token's activation, so that its strength is between 0 and 1.
  ///
  /// - Parameter asksForCues: whether it asks for some at `lower`, whose presence a patch there leaves as it is.
  private static func actingOnTheLastToken(
    of ids: [Int], _ model: Transformer, asksForCues: Bool, using random: inout SeededGenerator
  ) throws -> MemorySet {
    let batch = model.singleBatch(ids)
    let tape = Tape(forBackward: false)
    model.forward(batch, tape: tape)
    let key = tape[upper.layer].site(upper.site).array(ids.count - 1)
    var row = MemoryRow.sample(
      module: model.module(upper), boundary: 0.6, hardness: 2, key: key.map { $0 * 1.3 },
      delta: key.map { _ in Float.random(in: -0.5...0.5, using: &random) })
    if asksForCues {
      row.cues = [(MemoryCue.Mode.seen, 0), (.here, ids.count - 1)].map { mode, token in
        let key = tape[lower.layer].site(lower.site).array(token).map { $0 * 1.1 }
        return MemoryCue(mode: mode, module: model.module(lower), boundary: 0.3, hardness: 2, key: key)
      }
    }
    return try MemorySet([.sample([row])], for: model)
  }

  /// −log p(target), in double precision, with a patch at `lower`.
  private static func loss(
    _ item: ModelFixture.Case, _ model: Transformer, _ memories: MemorySet, patch: [Float]
  ) -> Double {
    let batch = model.singleBatch(item.ids, memories: memories)
    model.forward(batch) { address in
      guard address == lower else { return }
      for row in 0..<batch.rows { kernel_add_scaled(batch.attention.row(row), patch, 1, patch.count) }
    }
    let logits = model.logits(batch.residual, rows: [item.ids.count - 1]).array(0).map(Double.init)
    let most = logits.max()!
    return most + log(logits.reduce(0) { $0 + exp($1 - most) }) - logits[item.target]
  }
}
