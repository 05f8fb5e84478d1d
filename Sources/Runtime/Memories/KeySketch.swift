import Kernels

/// The keys of a table in 4 and 8 bits per element, which tell of most keys that an activation is outside their regions
/// (`kernels.h` says how) for a ninth of the bytes of F32.
final class KeySketch {
  /// The number of 128 elements in a key, the last of which are filled up.
  let groups: Int
  private let coarse: UnsafeMutablePointer<UInt16>
  private let fine: UnsafeMutablePointer<UInt16>
  private let bounds: UnsafeMutablePointer<kernel_key_bounds>

  var kernel: kernel_sketch { kernel_sketch(coarse: coarse, fine: fine, bounds: bounds, groups: groups) }

  init(_ keys: VectorStore, _ regions: [MemoryRegion], pool: WorkerPool?) {
    groups = (keys.width + 127) / 128
    coarse = .allocate(capacity: 32 * groups * regions.count)
    fine = .allocate(capacity: 32 * groups * regions.count)
    bounds = .allocate(capacity: regions.count)
    let loop = SketchLoop(keys: keys, regions: regions, sketch: self)
    if let pool { pool.runRanges(regions.count, grain: 64, loop) } else { loop.run(regions.indices) }
  }

  deinit {
    coarse.deallocate()
    fine.deallocate()
    bounds.deallocate()
  }

  private struct SketchLoop: RangeLoop {
    let keys: VectorStore
    let regions: [MemoryRegion]
    let sketch: KeySketch

    func run(_ range: Range<Int>) {
      let (groups, width) = (sketch.groups, keys.width)
      withUnsafeTemporaryAllocation(of: Float.self, capacity: width + 128 * groups) { floats in
        let (key, scratch) = (floats.baseAddress!, floats.baseAddress! + width)
        for index in range {
          keys.write(index, to: key)
          kernel_sketch_key(
            key, width, regions[index].squaredNorm, regions[index].outermost, groups, scratch,
            sketch.coarse + 32 * groups * index, sketch.fine + 32 * groups * index, sketch.bounds + index)
        }
      }
    }
  }
}

/// Activations as a sketch of keys is asked about them.
final class SketchedActivations {
  private let coarse = GrowingBuffer<Int8>()
  private let fine = GrowingBuffer<Int16>()
  private let scratch = GrowingBuffer<Float>()
  private let rowBuffer = GrowingBuffer<kernel_sketched_row>()

  /// Those of the last call of `sketch`. One without values is that of an activation with a value that is not finite, which
  /// no region has inside.
  var rows: UnsafePointer<kernel_sketched_row> { UnsafePointer(rowBuffer.base) }

  func sketch(_ activations: kernel_rows, count: Int, width: Int, groups: Int) {
    let size = 128 * groups
    coarse.reserve(count * size)
    fine.reserve(count * size)
    scratch.reserve(size)
    rowBuffer.reserve(count)
    for index in 0..<count {
      let row = rowBuffer.base + index
      let isFinite = kernel_sketch_row(
        activations.values + index * activations.stride, width, groups, scratch.base, coarse.base + index * size,
        fine.base + index * size, row)
      if isFinite == 0 { row.pointee.fine_values = nil }
    }
  }
}
