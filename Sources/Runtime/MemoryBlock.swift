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
  }

  /// f(x) = exp(−(x² / b²)^h), 0 where that is below `strengthFloor`.
  public static func strength(similarity: Float, boundary: Float, hardness: Float) -> Float {
    let x = 1 - Double(similarity)
    let ratio = x * x / (Double(boundary) * Double(boundary))
    let s = Float(exp(-pow(ratio, Double(hardness))))
    return s < strengthFloor ? 0 : s
  }

  /// (a · k) / ‖k‖² of every region for one activation.
  private func similarities(_ activation: UnsafeMutablePointer<Float>, into result: inout [Float]) {
    let x = kernel_rows(values: activation, stride: width)
    keys.withUnsafeBytes { keys in
      let matrix = kernel_matrix(weights: keys.baseAddress, dtype: kernel_f32, stride: width)
      result.withUnsafeMutableBufferPointer {
        kernel_dot(x, 1, matrix, width, 0, count, nil, 0, kernel_rows(values: $0.baseAddress, stride: count))
      }
    }
    for i in 0..<count { result[i] /= squaredNorms[i] }
  }

  /// Adds the deltas of the regions that `activation` (D) falls into, and tells of each.
  ///
  /// - Returns: whether any did.
  @discardableResult
  func apply(
    _ activation: UnsafeMutablePointer<Float>, scratch: inout [Float], _ fired: (Int, Float, Float) -> Void
  )
    -> Bool
  {
    if scratch.count < count { scratch = [Float](repeating: 0, count: count) }
    similarities(activation, into: &scratch)
    var any = false
    for i in 0..<count {
      let s = Self.strength(similarity: scratch[i], boundary: boundaries[i], hardness: hardnesses[i])
      guard s > 0 else { continue }
      any = true
      deltas.withUnsafeBufferPointer { kernel_add_scaled(activation, $0.baseAddress! + i * width, s, width) }
      fired(i, scratch[i], s)
    }
    return any
  }

  /// Adds the deltas of the regions that `activation` (D) falls into.
  package func apply(_ activation: UnsafeMutablePointer<Float>) {
    var scratch: [Float] = []
    apply(activation, scratch: &scratch) { _, _, _ in }
  }

  /// Whether any region takes in the activation (D).
  private func fires(_ activation: UnsafeMutablePointer<Float>) -> Bool {
    var similarity = [Float](repeating: 0, count: count)
    similarities(activation, into: &similarity)
    return (0..<count).contains {
      Self.strength(similarity: similarity[$0], boundary: boundaries[$0], hardness: hardnesses[$0]) > 0
    }
  }

  /// The first of the given rows (R, D) that any region takes in.
  package func firstFiring(_ activations: FloatMatrix, rows: Range<Int>) -> Int? {
    rows.first { fires(activations.row($0)) }
  }

  /// The backward of `apply`: turns ∂L/∂a' in `gradient` (D) into ∂L/∂a, a being the unmodified activation.
  ///
  /// ∂s/∂a = s · h (x²/b²)^(h−1) · 2x/b² · k/‖k‖², since ∂x/∂a = −k/‖k‖².
  func backward(_ activation: UnsafeMutablePointer<Float>, _ gradient: UnsafeMutablePointer<Float>) {
    var similarity = [Float](repeating: 0, count: count)
    similarities(activation, into: &similarity)
    let incoming = Array(UnsafeBufferPointer(start: gradient, count: width))
    for i in 0..<count {
      let s = Self.strength(similarity: similarity[i], boundary: boundaries[i], hardness: hardnesses[i])
      guard s > 0 else { continue }
      let (x, b, h) = (1 - Double(similarity[i]), Double(boundaries[i]), Double(hardnesses[i]))
      let slope = Double(s) * h * pow(x * x / (b * b), h - 1) * 2 * x / (b * b)
      deltas.withUnsafeBufferPointer { deltas in
        let product = kernel_dot_product(incoming, deltas.baseAddress! + i * width, width)
        let scale = Float(Double(product) * slope / Double(squaredNorms[i]))
        keys.withUnsafeBufferPointer {
          kernel_add_scaled(gradient, $0.baseAddress! + i * width, scale, width)
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
            .memoryTable, "\(transformer.place): memory \(memory.name)",
            "its module \(row.module) is no site of this model",
            expected: "one like \(transformer.module(SiteAddress(layer: 0, site: .attn)))")
        }
        let width = transformer.shape.width(of: address.site)
        guard row.key.count == width, row.delta.count == width else {
          throw FormatError(
            .memoryTable, "\(transformer.place): memory \(memory.name)",
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
