import Format
import Kernels

/// Regions of one width with their keys, looked at together.
///
/// What is found is what testing every key by `kernel_dot_product` finds, to the bit. Of many keys, a sketch tells first
/// which need no testing.
final class RegionTable {
  let width: Int
  let keys: VectorStore
  private(set) var regions: [MemoryRegion] = []
  /// Made when it is needed first.
  private var sketch: KeySketch?

  /// The number of keys from which a sketch is worth its making.
  static let sketchedFrom = 64
  /// The number of keys that are looked at together, for all activations: their sketches stay in the second-level cache.
  fileprivate static let blockSize = 256

  init(width: Int) {
    self.width = width
    keys = VectorStore(width: width)
  }

  var count: Int { regions.count }

  func append(_ region: MemoryRegion, key: TableVector) {
    keys.append(key)
    regions.append(region)
    sketch = nil
  }

  /// What a search uses again and again.
  struct Buffers {
    fileprivate let activations = SketchedActivations()
    /// A bit per activation and key, in words of 64 keys: whether the activation is inside.
    fileprivate let inside = GrowingBuffer<UInt64>()
    /// Per block of keys, those to be tested.
    fileprivate let candidates = GrowingBuffer<UInt32>()
    fileprivate var found: [Found] = []
  }

  /// A region that has an activation inside.
  struct Found {
    var region: Int
    var similarity: Float
    var strength: Float
  }

  /// The similarity of an activation [D] to one key; it has the bits that `forEachInside` gives.
  func similarity(of activation: UnsafePointer<Float>, to index: Int) -> Float {
    regions[index].similarity(product: keys.product(activation, index))
  }

  /// Adds `factor` · ∂s/∂a of one region to `gradient` [D], given its similarity and strength at a.
  func addSlope(
    of index: Int, similarity: Float, strength: Float, times factor: Float, to gradient: UnsafeMutablePointer<Float>
  ) {
    let scale = regions[index].slope(similarity: similarity, strength: strength, times: factor)
    keys.addScaled(index, scale, to: gradient)
  }

  /// Calls `body` for each of `activations` [R, D] inside a region, activation by activation: indices, similarity,
  /// strength. The keys are read once for all activations.
  ///
  /// `body` may change the activation: the similarities of all regions have been computed before.
  func forEachInside(
    _ activations: kernel_rows, count activationCount: Int, buffers: inout Buffers, pool: WorkerPool?,
    _ body: (_ activation: Int, _ region: Int, _ similarity: Float, _ strength: Float) -> Void
  ) {
    guard count > 0, activationCount > 0 else { return }
    let words = blockCount * Self.wordsPerBlock
    buffers.inside.reserve(activationCount * words)
    buffers.candidates.reserve(count)
    search(activations, activationCount, buffers, pool: pool)
    for activation in 0..<activationCount {
      collect(activations.values + activation * activations.stride, from: activation * words, words, &buffers)
      for found in buffers.found { body(activation, found.region, found.similarity, found.strength) }
    }
  }

  private static let wordsPerBlock = blockSize / 64
  private var blockCount: Int { (count + Self.blockSize - 1) / Self.blockSize }

  /// Leaves the regions that an activation is inside of, in their order.
  private func collect(_ activation: UnsafePointer<Float>, from first: Int, _ words: Int, _ buffers: inout Buffers) {
    buffers.found.removeAll(keepingCapacity: true)
    for word in 0..<words {
      var bits = buffers.inside.base[first + word]
      while bits != 0 {
        let index = 64 * word + bits.trailingZeroBitCount
        bits &= bits - 1
        let similarity = similarity(of: activation, to: index)
        let strength = regions[index].strength(similarity: similarity)
        buffers.found.append(Found(region: index, similarity: similarity, strength: strength))
      }
    }
  }

  /// Sets the bits of all activations.
  private func search(_ x: kernel_rows, _ rows: Int, _ buffers: Buffers, pool: WorkerPool?) {
    var loop = SearchLoop(
      table: self, x: x, rows: rows, inside: buffers.inside.base, candidates: buffers.candidates.base)
    guard count >= Self.sketchedFrom else { return loop.run(0..<blockCount) }
    let sketch = sketch ?? KeySketch(keys, regions, pool: pool)
    self.sketch = sketch
    buffers.activations.sketch(x, count: rows, width: width, groups: sketch.groups)
    (loop.sketch, loop.sketched) = (sketch.kernel, buffers.activations.rows)
    if let pool, rows * count * width > Self.serialLimit {
      pool.runRanges(blockCount, grain: 1, loop)
    } else {
      loop.run(0..<blockCount)
    }
  }

  /// The number of multiplications up to which one thread is quicker than several.
  private static let serialLimit = 1 << 17
}

/// The search in blocks of keys.
private struct SearchLoop: RangeLoop {
  let table: RegionTable
  let x: kernel_rows
  let rows: Int
  let inside: UnsafeMutablePointer<UInt64>
  let candidates: UnsafeMutablePointer<UInt32>
  /// nil tests all keys.
  var sketch: kernel_sketch?
  var sketched: UnsafePointer<kernel_sketched_row>?

  func run(_ blocks: Range<Int>) {
    let (size, count) = (RegionTable.blockSize, table.count)
    let words = size / 64
    let stride = (count + size - 1) / size * words
    for block in blocks {
      let keys = (size * block)..<min(count, size * (block + 1))
      for row in 0..<rows {
        let target = inside + row * stride + block * words
        target.update(repeating: 0, count: words)
        let found = findCandidates(among: keys, row: row)
        let activation = UnsafePointer(x.values + row * x.stride)
        for candidate in 0..<found {
          let index = Int(candidates[keys.lowerBound + candidate])
          let similarity = table.similarity(of: activation, to: index)
          guard table.regions[index].strength(similarity: similarity) > 0 else { continue }
          target[(index - keys.lowerBound) / 64] |= 1 << UInt64(index % 64)
        }
      }
    }
  }

  /// Leaves the keys to be tested in the block's part of `candidates`, and returns their number.
  private func findCandidates(among keys: Range<Int>, row: Int) -> Int {
    let found = candidates + keys.lowerBound
    guard let sketch, let sketched else {
      for (i, index) in keys.enumerated() { found[i] = UInt32(index) }
      return keys.count
    }
    guard sketched[row].fine_values != nil else { return 0 }
    return kernel_candidates(sketch, sketched[row], keys.lowerBound, keys.upperBound, found)
  }
}
