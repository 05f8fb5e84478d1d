import Format
import Foundation
import Kernels

/// A memory that acted on a token.
public struct Firing: Sendable, Equatable {
  public var memory: String
  public var address: SiteAddress
  /// The row of the batch, then, once told apart, the token's position in its sequence.
  public var position: Int
  /// (a · k) / ‖k‖².
  public var similarity: Float
  /// s = f(1 − similarity).
  public var strength: Float
}

/// The regions of one site.
///
/// For an activation a, region i has x = 1 − (a · kᵢ) / ‖kᵢ‖² and strength sᵢ = exp(−(x² / bᵢ²)^hᵢ); what leaves the
/// site is a + Σ sᵢ Δᵢ, every region seeing the unmodified a. A strength below 1e-6 is 0 and adds nothing.
public final class MemoryBlock {
  public static let strengthFloor: Float = 1e-6

  let width: Int
  let address: SiteAddress
  private(set) var names: [String] = []
  private var keys: [Float] = []
  private var deltas: [Float] = []
  private var squaredNorms: [Float] = []
  private var boundaries: [Float] = []
  private var hardnesses: [Float] = []
  /// |x| beyond which a strength is below the floor, rounded up.
  private var reaches: [Float] = []

  init(address: SiteAddress, width: Int) {
    self.address = address
    self.width = width
  }

  var count: Int { names.count }

  func append(_ row: MemoryRow, of name: String) {
    names.append(name)
    keys += row.key
    deltas += row.delta
    squaredNorms.append(kernel_dot_product(row.key, row.key, width))
    boundaries.append(row.boundary)
    hardnesses.append(row.hardness)
    reaches.append(Float(Self.reach(boundary: row.boundary, hardness: row.hardness) * 1.001))
  }

  /// |1 − similarity| beyond which the strength is below `strengthFloor`.
  public static func reach(boundary: Float, hardness: Float) -> Double {
    Double(boundary) * pow(-log(Double(strengthFloor)), 0.5 / Double(hardness))
  }

  /// f(x) = exp(−(x² / b²)^h), 0 where that is below `strengthFloor`.
  public static func strength(similarity: Float, boundary: Float, hardness: Float) -> Float {
    let x = 1 - Double(similarity)
    let ratio = x * x / (Double(boundary) * Double(boundary))
    let s = Float(exp(-pow(ratio, Double(hardness))))
    return s < strengthFloor ? 0 : s
  }

  /// Calls `body` with every region that one of `rows` (R, D) falls into, row by row: the row's index among them, the
  /// region's, (a · k) / ‖k‖², and the strength, which is above 0. `body` may change the row: what it adds is not seen
  /// by the regions that follow.
  private func forEachFiring(
    _ rows: kernel_rows, count rowCount: Int, scratch: inout [Float], pool: WorkerPool?,
    _ body: (_ row: Int, _ region: Int, _ similarity: Float, _ strength: Float) -> Void
  ) {
    // As many rows at once as leave the similarities in the second-level cache.
    let most = max(1, Self.scratchLimit / count)
    if scratch.count < min(most, rowCount) * count {
      scratch = [Float](repeating: 0, count: min(most, rowCount) * count)
    }
    for first in stride(from: 0, to: rowCount, by: most) {
      let part = min(most, rowCount - first)
      let x = kernel_rows(values: rows.values + first * rows.stride, stride: rows.stride)
      scratch.withUnsafeMutableBufferPointer { scratch in
        let products = scratch.baseAddress!
        multiply(x, part, into: products, pool: pool)
        for row in 0..<part {
          for i in 0..<count {
            let similarity = products[row * count + i] / squaredNorms[i]
            guard abs(1 - similarity) <= reaches[i] else { continue }
            let s = Self.strength(similarity: similarity, boundary: boundaries[i], hardness: hardnesses[i])
            if s > 0 { body(first + row, i, similarity, s) }
          }
        }
      }
    }
  }

  private static let scratchLimit = 1 << 17

  /// a · k for all keys, (rows, count).
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
        pool.runRanges(count, grain: Linear.grain, product)
      } else {
        product.run(0..<count)
      }
    }
  }

  /// Multiplications that take as long as waking a thread for a share of them.
  private static let serialLimit = 1 << 17

  /// Adds to each row (R, D) the deltas of the regions that it falls into, and tells of each.
  func apply(
    _ rows: kernel_rows, count rowCount: Int, scratch: inout [Float], pool: WorkerPool?,
    _ fired: (_ row: Int, _ region: Int, _ similarity: Float, _ strength: Float) -> Void
  ) {
    deltas.withUnsafeBufferPointer { deltas in
      forEachFiring(rows, count: rowCount, scratch: &scratch, pool: pool) { row, region, similarity, strength in
        let target = rows.values + row * rows.stride
        kernel_add_scaled(target, deltas.baseAddress! + region * width, strength, width)
        fired(row, region, similarity, strength)
      }
    }
  }

  /// Adds the deltas of the regions that `activation` (D) falls into.
  package func apply(_ activation: UnsafeMutablePointer<Float>) {
    var scratch: [Float] = []
    apply(kernel_rows(values: activation, stride: width), count: 1, scratch: &scratch, pool: nil) { _, _, _, _ in }
  }

  /// The first of the given rows (R, D) that any region takes in.
  package func firstFiring(_ activations: FloatMatrix, rows: Range<Int>) -> Int? {
    var scratch: [Float] = []
    var first: Int?
    let x = activations.kernelRows(from: rows.lowerBound)
    forEachFiring(x, count: rows.count, scratch: &scratch, pool: nil) { row, _, _, _ in
      if first == nil { first = rows.lowerBound + row }
    }
    return first
  }

  /// The backward of `apply`: turns ∂L/∂a' in `gradient` (D) into ∂L/∂a, a being the unmodified activation.
  ///
  /// ∂s/∂a = s · h (x²/b²)^(h−1) · 2x/b² · k/‖k‖², since ∂x/∂a = −k/‖k‖².
  func backward(_ activation: UnsafeMutablePointer<Float>, _ gradient: UnsafeMutablePointer<Float>) {
    let incoming = Array(UnsafeBufferPointer(start: gradient, count: width))
    var scratch: [Float] = []
    let x = kernel_rows(values: activation, stride: width)
    forEachFiring(x, count: 1, scratch: &scratch, pool: nil) { _, i, similarity, s in
      let (x, b, h) = (1 - Double(similarity), Double(boundaries[i]), Double(hardnesses[i]))
      let slope = Double(s) * h * pow(x * x / (b * b), h - 1) * 2 * x / (b * b)
      deltas.withUnsafeBufferPointer { deltas in
        keys.withUnsafeBufferPointer { keys in
          let along = kernel_dot_product(incoming, deltas.baseAddress! + i * width, width)
          let scale = Float(Double(along) * slope / Double(squaredNorms[i]))
          kernel_add_scaled(gradient, keys.baseAddress! + i * width, scale, width)
        }
      }
    }
  }
}

/// The memories that a forward pass applies, arranged by site.
public final class MemorySet {
  /// By `SiteAddress.index`.
  let blocks: [MemoryBlock?]
  public let isEmpty: Bool

  /// No memories: the base model.
  public static func none(of transformer: Transformer) -> MemorySet { transformer.noMemories }

  init(layers: Int) {
    blocks = [MemoryBlock?](repeating: nil, count: 2 * layers)
    isEmpty = true
  }

  /// - Throws: `FormatError` of kind `memoryTable` where a module is not a site of the model or a width does not fit it.
  public init(_ memories: [Memory], for transformer: Transformer) throws(FormatError) {
    var blocks = [MemoryBlock?](repeating: nil, count: 2 * transformer.shape.layers)
    for memory in memories {
      for row in memory.rows {
        guard let address = transformer.address(ofModule: row.module) else {
          throw FormatError(
            .memoryTable, "\(transformer.location): memory \(memory.name)",
            "its module \(row.module) is no site of this model",
            expected: "one like \(transformer.module(SiteAddress(layer: 0, site: .attn)))")
        }
        let width = transformer.shape.width(of: address.site)
        guard row.key.count == width, row.delta.count == width else {
          throw FormatError(
            .memoryTable, "\(transformer.location): memory \(memory.name)",
            "its rows at \(row.module) do not fit the model",
            expected: "width \(width)", got: "\(row.key.count)")
        }
        let block = blocks[address.index] ?? MemoryBlock(address: address, width: width)
        block.append(row, of: memory.name)
        blocks[address.index] = block
      }
    }
    self.blocks = blocks
    isEmpty = memories.allSatisfy { $0.rows.isEmpty }
  }

  /// The regions of one site, nil where there are none.
  package subscript(address: SiteAddress) -> MemoryBlock? { blocks[address.index] }
}
