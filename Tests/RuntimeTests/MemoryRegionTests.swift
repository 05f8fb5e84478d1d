import Foundation
import Kernels
import Testing

@testable import Format
@testable import Runtime

/// The formula of the format, and the bits of similarities wherever they are computed.
@Suite struct MemoryRegionTests {
  @Test func strengthFollowsTheFormula() {
    func strength(_ similarity: Float, _ b: Float, _ h: Float) -> Float {
      MemoryRegion.strength(similarity: similarity, boundary: b, hardness: h)
    }
    #expect(strength(1, 0.25, 3) == 1)
    // x = b gives exp(−1) whatever the hardness.
    for h: Float in [1, 3, 8] {
      #expect(abs(strength(0.75, 0.25, h) - Float(exp(-1.0))) < 1e-6)
      #expect(abs(strength(1.25, 0.25, h) - Float(exp(-1.0))) < 1e-6)
    }
    // x = 1.5 b at h = 3: exp(−1.5⁶); x = 1.6 b: below the floor.
    #expect(abs(strength(0.25, 0.5, 3) - Float(exp(-pow(1.5, 6)))) < 1e-9)
    #expect(strength(0.2, 0.5, 3) == 0)
  }

  /// A region looks at its reach before it computes a strength: that must not change what is found.
  @Test(arguments: [Float(0.01), 0.25, 0.9, 4], [Float(0.5), 1, 3, 8, 64])
  func reachIsWhereTheStrengthEnds(_ b: Float, _ h: Float) {
    let region = MemoryRegion(key: [1], boundary: b, hardness: h)
    let reach = MemoryRegion.reach(boundary: b, hardness: h)
    #expect(MemoryRegion.strength(similarity: Float(1 - reach * 0.999), boundary: b, hardness: h) > 0)
    #expect(MemoryRegion.strength(similarity: Float(1 - reach * 1.001), boundary: b, hardness: h) == 0)
    for i in -1100...1100 {
      let similarity = Float(1 + reach * Double(i) / 1000)
      #expect(
        region.strength(similarity: similarity)
          == MemoryRegion.strength(similarity: similarity, boundary: b, hardness: h), "similarity \(similarity)")
    }
    #expect(region.strength(similarity: .nan) == 0)
  }

  /// Firing multiplies many rows with many keys, the compiler one with one.
  @Test(arguments: [1, 2, 3, 7, 15, 16, 17, 31, 33, 63, 100, 257, 1025], [1, 2, 5, 13])
  func similarityHasTheBitsOfFiring(_ width: Int, _ keyCount: Int) {
    let seed = UInt64.random(in: 0..<1 << 32)
    var random = SeededGenerator(seed: seed)
    let block = MemoryBlock(address: SiteAddress(layer: 0, site: .mlp), width: width)
    let keys = (0..<keyCount).map { _ in (0..<width).map { _ in Float.random(in: -1...1, using: &random) } }
    let rows = keys.map {
      MemoryRow.sample(boundary: 1e4, hardness: 1, key: $0, delta: [Float](repeating: 0, count: width))
    }
    rows.forEach { block.append($0, of: "m") }
    let activations = FloatMatrix.random(9, width, using: &random)
    for pool in [nil, WorkerPool(threads: 2)] {
      var buffers = RegionTable.Buffers()
      var fired = [[UInt32]](repeating: [], count: keyCount)
      block.apply(activations.kernelRows(), count: 9, buffers: &buffers, pool: pool) { _, row, similarity, _ in
        fired[row].append(similarity.bitPattern)
      }
      for (row, bits) in zip(rows, fired) {
        let region = MemoryRegion(row)
        let similarities = region.similarities(of: activations, rows: 0..<9, to: row.key)
        #expect(similarities.map(\.bitPattern) == bits, "seed \(seed)")
        #expect((0..<9).map { region.similarity(of: activations.row($0), to: row.key) } == similarities)
      }
    }
  }
}
