import Format
import Kernels

/// The activations that a row acts on: those whose similarity to its key is within reach of 1.
///
/// For an activation a [D], a key k [D], a boundary b and a hardness h
///
///     similarity  (a · k) / ‖k‖²
///     strength    s = f(1 − similarity),  f(x) = exp(−(x² / b²)^h),  0 below 1e-6
///     reach       the |1 − similarity| beyond which the strength is 0
///
/// (Sapkota, *Local Memory for Autoregressive Language Models*, 2024; `specs/FORMAT.md`). A region keeps ‖k‖² and not
/// the key, which stays with the row. A similarity has the same bits here and where memories are applied.
public struct MemoryRegion: Sendable {
  /// The strength below which a row does not act.
  public static let strengthFloor: Float = 1e-6

  public let boundary: Float
  public let hardness: Float
  /// ‖k‖².
  let squaredNorm: Float
  /// The reach, rounded up: no strength need be computed beyond.
  let outermost: Float

  /// - Parameter key: [D].
  public init(key: [Float], boundary: Float, hardness: Float) {
    self.init(
      squaredNorm: kernel_dot_product(key, key, key.count), boundary: boundary, hardness: hardness)
  }

  private init(squaredNorm: Float, boundary: Float, hardness: Float) {
    self.boundary = boundary
    self.hardness = hardness
    self.squaredNorm = squaredNorm
    outermost = Float(Self.reach(boundary: boundary, hardness: hardness) * 1.001)
  }

  public init(_ row: MemoryRow) {
    self.init(stored: row.storedKey, boundary: row.boundary, hardness: row.hardness)
  }

  public init(_ cue: MemoryCue) {
    self.init(stored: cue.storedKey, boundary: cue.boundary, hardness: cue.hardness)
  }

  private init(stored key: TableVector, boundary: Float, hardness: Float) {
    self.init(squaredNorm: Self.squaredNorm(of: key), boundary: boundary, hardness: hardness)
  }

  private static func squaredNorm(of key: TableVector) -> Float {
    let floats = key.dtype == .f32 ? key : TableVector(key.floats)
    return floats.withBytes { bytes in
      guard let values = bytes.baseAddress?.assumingMemoryBound(to: Float.self) else { return 0 }
      return kernel_dot_product(values, values, floats.count)
    }
  }

  /// (a · k) / ‖k‖² from a · k.
  func similarity(product: Float) -> Float { product / squaredNorm }

  /// (a · k) / ‖k‖² of an activation.
  ///
  /// - Parameters:
  ///   - activation: [D].
  ///   - key: [D], the key that the region was made from.
  public func similarity(of activation: UnsafePointer<Float>, to key: [Float]) -> Float {
    similarity(product: kernel_dot_product(activation, key, key.count))
  }

  /// (a · k) / ‖k‖² of some rows of a matrix [n, D], in their order.
  package func similarities(of activations: FloatMatrix, rows: Range<Int>, to key: [Float]) -> [Float] {
    precondition(activations.width == key.count, "activations and key differ in width")
    return rows.map { similarity(of: activations.row($0), to: key) }
  }

  /// f(1 − similarity) of an activation, 0 below the floor.
  ///
  /// - Parameters:
  ///   - activation: [D].
  ///   - key: [D], the key that the region was made from.
  public func strength(of activation: UnsafePointer<Float>, to key: [Float]) -> Float {
    strength(similarity: similarity(of: activation, to: key))
  }

  /// s = f(1 − similarity), 0 below the floor.
  public func strength(similarity: Float) -> Float {
    guard abs(1 - similarity) <= outermost else { return 0 }
    return Self.strength(similarity: similarity, boundary: boundary, hardness: hardness)
  }

  /// s = f(1 − similarity), 0 below the floor.
  public static func strength(similarity: Float, boundary: Float, hardness: Float) -> Float {
    let x = 1 - Double(similarity)
    let ratio = x * x / (Double(boundary) * Double(boundary))
    let s = Float(kernel_f64_exp(-kernel_f64_pow(ratio, Double(hardness))))
    return s < strengthFloor ? 0 : s
  }

  /// The |1 − similarity| beyond which the strength is below the floor: b (−ln 1e-6)^(1 / 2h).
  public static func reach(boundary: Float, hardness: Float) -> Double {
    Double(boundary) * kernel_f64_pow(-kernel_f64_log(Double(strengthFloor)), 0.5 / Double(hardness))
  }

  /// `factor` · ∂s/∂(a · k) = `factor` · s · h (x² / b²)^(h − 1) · 2 x / b² / ‖k‖², as ∂x/∂(a · k) = −1 / ‖k‖².
  func slope(similarity: Float, strength: Float, times factor: Float) -> Float {
    let (x, b, h) = (1 - Double(similarity), Double(boundary), Double(hardness))
    let slope = Double(strength) * h * kernel_f64_pow(x * x / (b * b), h - 1) * 2 * x / (b * b)
    return Float(Double(factor) * slope / Double(squaredNorm))
  }
}
