import Format
import Kernels

/// The rows of one address.
///
/// Where they act, an activation a becomes a' = a + Σ sᵢ Δᵢ, sᵢ being the strengths of the rows' regions
/// (`MemoryRegion`) at the unmodified a.
public final class MemoryBlock {
  let width: Int
  let address: SiteAddress
  /// The name of each row's memory.
  private(set) var names: [String] = []
  /// F32 [N, D] each.
  private var keys: [Float] = []
  private var deltas: [Float] = []
  private var regions: [MemoryRegion] = []

  init(address: SiteAddress, width: Int) {
    self.address = address
    self.width = width
  }

  var count: Int { regions.count }

  func append(_ row: MemoryRow, of name: String) {
    names.append(name)
    keys += row.key
    deltas += row.delta
    regions.append(MemoryRegion(row))
  }

  /// Calls `body` with each firing on `activations` [R, D], activation by activation: indices, similarity, strength.
  ///
  /// `body` may change the activation: the similarities of all rows have been computed before.
  private func forEachFiring(
    _ activations: kernel_rows, count activationCount: Int, scratch: inout [Float], pool: WorkerPool?,
    _ body: (_ activation: Int, _ row: Int, _ similarity: Float, _ strength: Float) -> Void
  ) {
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
          for row in 0..<count {
            let similarity = regions[row].similarity(product: products[activation * count + row])
            let strength = regions[row].strength(similarity: similarity)
            if strength > 0 { body(first + activation, row, similarity, strength) }
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

  /// Adds the deltas of the rows that act on each of `activations` [R, D], and calls `fired` with each firing.
  func apply(
    _ activations: kernel_rows, count activationCount: Int, scratch: inout [Float], pool: WorkerPool?,
    _ fired: (_ activation: Int, _ row: Int, _ similarity: Float, _ strength: Float) -> Void
  ) {
    deltas.withUnsafeBufferPointer { deltas in
      forEachFiring(activations, count: activationCount, scratch: &scratch, pool: pool) {
        activation, row, similarity, strength in
        let target = activations.values + activation * activations.stride
        kernel_add_scaled(target, deltas.baseAddress! + row * width, strength, width)
        fired(activation, row, similarity, strength)
      }
    }
  }

  /// Adds the deltas of the rows that act on `activation` [D].
  package func apply(_ activation: UnsafeMutablePointer<Float>) {
    var scratch: [Float] = []
    apply(kernel_rows(values: activation, stride: width), count: 1, scratch: &scratch, pool: nil) { _, _, _, _ in }
  }

  /// The index of the first activation, within `rows` of a matrix [R, D], that any row acts on.
  package func firstFiring(_ activations: FloatMatrix, rows: Range<Int>) -> Int? {
    var scratch: [Float] = []
    var first: Int?
    let x = activations.kernelRows(from: rows.lowerBound)
    forEachFiring(x, count: rows.count, scratch: &scratch, pool: nil) { activation, _, _, _ in
      if first == nil { first = rows.lowerBound + activation }
    }
    return first
  }

  /// The backward of `apply`: turns ∂L/∂a' in `gradient` [D] into ∂L/∂a, a being the unmodified activation.
  func backward(_ activation: UnsafeMutablePointer<Float>, _ gradient: UnsafeMutablePointer<Float>) {
    let incoming = Array(UnsafeBufferPointer(start: gradient, count: width))
    var scratch: [Float] = []
    let x = kernel_rows(values: activation, stride: width)
    forEachFiring(x, count: 1, scratch: &scratch, pool: nil) { _, row, similarity, strength in
      deltas.withUnsafeBufferPointer { deltas in
        keys.withUnsafeBufferPointer { keys in
          let along = kernel_dot_product(incoming, deltas.baseAddress! + row * width, width)
          let scale = regions[row].slope(similarity: similarity, strength: strength, times: along)
          kernel_add_scaled(gradient, keys.baseAddress! + row * width, scale, width)
        }
      }
    }
  }
}
