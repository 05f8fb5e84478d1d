import Kernels

/// Regions of one width with their keys, looked at together.
struct RegionTable {
  let width: Int
  /// F32 [N, D].
  private(set) var keys: [Float] = []
  private(set) var regions: [MemoryRegion] = []

  init(width: Int) { self.width = width }

  var count: Int { regions.count }

  mutating func append(_ region: MemoryRegion, key: [Float]) {
    keys += key
    regions.append(region)
  }

  /// The similarity of an activation [D] to one key; it has the bits that `forEachInside` gives.
  func similarity(of activation: UnsafePointer<Float>, to index: Int) -> Float {
    keys.withUnsafeBufferPointer {
      regions[index].similarity(product: kernel_dot_product(activation, $0.baseAddress! + index * width, width))
    }
  }

  /// Adds `factor` · ∂s/∂a of one region to `gradient` [D], given its similarity and strength at a.
  func addSlope(
    of index: Int, similarity: Float, strength: Float, times factor: Float, to gradient: UnsafeMutablePointer<Float>
  ) {
    let scale = regions[index].slope(similarity: similarity, strength: strength, times: factor)
    keys.withUnsafeBufferPointer { kernel_add_scaled(gradient, $0.baseAddress! + index * width, scale, width) }
  }

  /// Calls `body` for each of `activations` [R, D] inside a region, activation by activation: indices, similarity,
  /// strength.
  ///
  /// `body` may change the activation: the similarities of all regions have been computed before.
  func forEachInside(
    _ activations: kernel_rows, count activationCount: Int, scratch: inout [Float], pool: WorkerPool?,
    _ body: (_ activation: Int, _ region: Int, _ similarity: Float, _ strength: Float) -> Void
  ) {
    guard count > 0 else { return }
    // As many activations at once as keep the products in the second-level cache.
    let most = max(1, Self.scratchLimit / count)
    if scratch.count < min(most, activationCount) * count {
      scratch = [Float](repeating: 0, count: min(most, activationCount) * count)
    }
    for first in stride(from: 0, to: activationCount, by: most) {
      let part = min(most, activationCount - first)
      let x = kernel_rows(values: activations.values + first * activations.stride, stride: activations.stride)
      scratch.withUnsafeMutableBufferPointer { scratch in
        let products = scratch.baseAddress!
        multiply(x, part, into: products, pool: pool)
        for activation in 0..<part {
          for index in 0..<count {
            let similarity = regions[index].similarity(product: products[activation * count + index])
            let strength = regions[index].strength(similarity: similarity)
            if strength > 0 { body(first + activation, index, similarity, strength) }
          }
        }
      }
    }
  }

  private static let scratchLimit = 1 << 17

  /// a · k [R, N] of R activations and all keys.
  private func multiply(
    _ x: kernel_rows, _ rows: Int, into result: UnsafeMutablePointer<Float>, pool: WorkerPool?
  ) {
    keys.withUnsafeBytes { keys in
      let product = ProductLoop(
        multiply: kernel_dot, x: x, rows: rows,
        weights: kernel_matrix(weights: keys.baseAddress, dtype: kernel_f32, stride: width, scales: kernel_scales()),
        inner: width,
        bias: nil, accumulate: false, y: kernel_rows(values: result, stride: count))
      if let pool, rows * count * width > Self.serialLimit {
        pool.runRanges(count, grain: ProductLoop.grain, product)
      } else {
        product.run(0..<count)
      }
    }
  }

  /// The number of multiplications up to which one thread is quicker than several.
  private static let serialLimit = 1 << 17
}
