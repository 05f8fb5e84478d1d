import Kernels
import Testing

@testable import Format
@testable import Runtime

/// The search of many regions finds what testing every one finds, to the bit.
@Suite struct RegionSearchTests {
  private struct Hit: Equatable {
    var activation: Int
    var region: Int
    var similarity: UInt32
    var strength: UInt32
  }

  private static func search(
    _ table: RegionTable, _ x: FloatMatrix, pool: WorkerPool?, _ buffers: inout RegionTable.Buffers
  ) -> [Hit] {
    var hits: [Hit] = []
    table.forEachInside(x.kernelRows(), count: x.rows, buffers: &buffers, pool: pool) {
      hits.append(Hit(activation: $0, region: $1, similarity: $2.bitPattern, strength: $3.bitPattern))
    }
    return hits
  }

  /// Every key by itself.
  private static func test(_ rows: [MemoryRow], _ x: FloatMatrix) -> [Hit] {
    (0..<x.rows).flatMap { activation in
      rows.enumerated().compactMap { index, row in
        let similarity = MemoryRegion(row).similarity(of: x.row(activation), to: row.key)
        let strength = MemoryRegion(row).strength(similarity: similarity)
        guard strength > 0 else { return nil }
        return Hit(
          activation: activation, region: index, similarity: similarity.bitPattern, strength: strength.bitPattern)
      }
    }
  }

  private static func expectSame(_ rows: [MemoryRow], _ x: FloatMatrix, _ note: String) {
    let table = RegionTable(width: x.width)
    for row in rows { table.append(MemoryRegion(row), key: row.storedKey) }
    let expected = test(rows, x)
    var buffers = RegionTable.Buffers()
    for pool in [nil, WorkerPool(threads: 2)] {
      #expect(search(table, x, pool: pool, &buffers) == expected, "\(note)")
    }
    // One by one, as decoding asks.
    for activation in 0..<x.rows {
      let single = FloatMatrix(1, x.width)
      single.row(0).update(from: x.row(activation), count: x.width)
      var alone = expected.filter { $0.activation == activation }
      for i in alone.indices { alone[i].activation = 0 }
      #expect(search(table, single, pool: nil, &buffers) == alone, "\(note), activation \(activation)")
    }
  }

  private static func vector(_ width: Int, _ scale: Float, _ random: inout SeededGenerator) -> [Float] {
    (0..<width).map { _ in scale * Float.random(in: -1...1, using: &random) }
  }

  /// Random keys, a third of them near an activation's direction with similarities about the edge of the region.
  @Test(arguments: [1, 5, 33, 128, 200, 576, 1536], [63, 64, 257, 900])
  func findsWhatEveryTestFinds(_ width: Int, _ count: Int) {
    let seed = UInt64.random(in: 0..<1 << 32)
    var random = SeededGenerator(seed: seed)
    let x = FloatMatrix.random(6, width, using: &random)
    let rows = (0..<count).map { index -> MemoryRow in
      let boundary = [Float(0.01), 0.1, 0.4, 0.9, 3].randomElement(using: &random)!
      let hardness = [Float(0.5), 1, 3, 8, 64].randomElement(using: &random)!
      var key = Self.vector(width, 1, &random)
      if index % 3 == 0 {
        // (a · k) / ‖k‖² of a multiple of a is its inverse.
        let reach = Float(MemoryRegion.reach(boundary: boundary, hardness: hardness))
        let edge = 1 + reach * [-1, 1].randomElement(using: &random)! * Float.random(in: 0.999...1.001, using: &random)
        key = x.array(index % x.rows).map { $0 / (abs(edge) < 1e-3 ? 1 : edge) }
      }
      return .sample(boundary: boundary, hardness: hardness, key: key, delta: key)
    }
    Self.expectSame(rows, x, "seed \(seed)")
  }

  /// Keys and activations at the ends of the numbers, alike, sparse, constant, and not finite.
  @Test(arguments: [48, 576])
  func findsWhatEveryTestFindsAtTheEnds(_ width: Int) {
    let seed = UInt64.random(in: 0..<1 << 32)
    var random = SeededGenerator(seed: seed)
    let scales: [Float] = [.leastNonzeroMagnitude, 1e-38, 1e-22, 1e-19, 1e-10, 1, 1e10, 1e18, 1e19, 1e38, 3e38]
    var vectors = scales.map { Self.vector(width, $0, &random) }
    vectors.append([Float](repeating: 0, count: width))
    for value in [Float.infinity, -.infinity, .nan, .leastNonzeroMagnitude, .greatestFiniteMagnitude] {
      var vector = Self.vector(width, 1, &random)
      vector[Int.random(in: 0..<width, using: &random)] = value
      vectors.append(vector)
      vectors.append([Float](repeating: value, count: width))
    }
    for scale: Float in [1e-20, 1, 1e15] {
      var spike = [Float](repeating: 0, count: width)
      spike[3] = scale
      vectors += [spike, [Float](repeating: scale, count: width), spike.map { -$0 }]
      vectors.append((0..<width).map { $0 % 2 == 0 ? scale : -scale })
      vectors.append((0..<width).map { $0 % 7 == 0 ? scale * 1e6 : scale })
    }
    let x = FloatMatrix(vectors.count, width)
    for (row, vector) in vectors.enumerated() { x.row(row).update(from: vector, count: width) }
    let bounds: [(Float, Float)] = [(0.1, 8), (0.4, 3), (2, 1), (1e6, 1), (1e19, 0.5), (1e-18, 64)]
    let rows = (vectors + vectors).flatMap { key in
      bounds.map { MemoryRow.sample(boundary: $0.0, hardness: $0.1, key: key, delta: key) }
    }
    Self.expectSame(rows, x, "seed \(seed)")
  }

  /// Keys of BF16 are tested by the numbers that they stand for.
  @Test func keysInHalfTheBytesAreTheirNumbers() {
    let seed = UInt64.random(in: 0..<1 << 32)
    var random = SeededGenerator(seed: seed)
    let x = FloatMatrix.random(5, 96, using: &random)
    let rows = (0..<300).map { index -> MemoryRow in
      let key = index % 2 == 0 ? Self.vector(96, 1, &random) : x.array(index % 5).map { $0 * 1.2 }
      var row = MemoryRow.sample(boundary: 0.4, hardness: 3, key: key, delta: key)
      row.storedKey = row.storedKey.rounded
      return row
    }
    #expect(rows.allSatisfy { $0.storedKey.dtype == .bf16 })
    Self.expectSame(rows, x, "seed \(seed)")
  }

  /// The point of the sketch: of keys that an activation is far from, hardly any is tested.
  @Test func fewKeysAreTested() {
    var random = SeededGenerator(seed: 17)
    let (width, count) = (1536, 512)
    let keys = VectorStore(width: width)
    var regions: [MemoryRegion] = []
    for _ in 0..<count {
      let row = MemoryRow.sample(
        boundary: 0.4, hardness: 8, key: Self.vector(width, 0.1, &random), delta: [])
      keys.append(row.storedKey)
      regions.append(MemoryRegion(row))
    }
    let sketch = KeySketch(keys, regions, pool: nil)
    var found = [UInt32](repeating: 0, count: count)
    let activations = SketchedActivations()
    // Twice as long as a key, as activations are.
    let x = FloatMatrix.random(1, width, using: &random)
    for i in 0..<width { x.row(0)[i] *= 0.2 }
    activations.sketch(x.kernelRows(), count: 1, width: width, groups: sketch.groups)
    let tested = kernel_candidates(sketch.kernel, activations.rows[0], 0, count, &found)
    #expect(tested < count / 100)
  }

  #if arch(x86_64)
    /// Whatever the instruction set, the integer products are the same.
    @Test func candidatesAreTheSameOnEveryInstructionSet() throws {
      var random = SeededGenerator(seed: 23)
      let width = 640
      let keys = VectorStore(width: width)
      let rows = (0..<200).map { _ in
        MemoryRow.sample(boundary: 0.9, hardness: 1, key: Self.vector(width, 1, &random), delta: [])
      }
      for row in rows { keys.append(row.storedKey) }
      let sketch = KeySketch(keys, rows.map { MemoryRegion($0) }, pool: nil)
      let x = FloatMatrix.random(1, width, using: &random)
      let activations = SketchedActivations()
      activations.sketch(x.kernelRows(), count: 1, width: width, groups: sketch.groups)
      let found = [kernel_baseline, kernel_avx2, kernel_avx512].compactMap { isa -> [UInt32]? in
        guard let table = kernel_table_for(isa) else { return nil }
        var found = [UInt32](repeating: 0, count: rows.count)
        let count = table.pointee.candidates(sketch.kernel, activations.rows[0], 0, rows.count, &found)
        return Array(found[..<count])
      }
      #expect(found.allSatisfy { $0 == found[0] })
    }
  #endif
}
