import Format
import Kernels

/// Vectors of one width at addresses that do not move: those of mapped files where they lie, others copied.
final class VectorStore {
  /// [D] of F32 or BF16.
  struct Vector {
    let address: UnsafeRawPointer
    let isHalf: Bool
  }

  let width: Int
  private(set) var vectors: [Vector] = []
  private var files: [MappedFile] = []
  private var copies: [UnsafeMutablePointer<Float>] = []
  /// F32 [D], for one BF16 vector at a time.
  private lazy var widened = [Float](repeating: 0, count: width)

  init(width: Int) { self.width = width }

  deinit { for copy in copies { copy.deallocate() } }

  /// - Parameter vector: of `width` elements.
  func append(_ vector: TableVector) {
    precondition(vector.count == width, "a vector of another width")
    if let (file, address) = vector.mapped {
      if files.last !== file { files.append(file) }
      vectors.append(Vector(address: address, isHalf: vector.dtype == .bf16))
    } else {
      let copy = UnsafeMutablePointer<Float>.allocate(capacity: max(1, width))
      vector.write(to: copy)
      copies.append(copy)
      vectors.append(Vector(address: UnsafeRawPointer(copy), isHalf: false))
    }
  }

  /// x · v, with the bits of `kernel_dot_product` of the vector as F32.
  func product(_ x: UnsafePointer<Float>, _ index: Int) -> Float {
    let vector = vectors[index]
    guard vector.isHalf else {
      return kernel_dot_product(x, vector.address.assumingMemoryBound(to: Float.self), width)
    }
    let rows = kernel_rows(values: UnsafeMutablePointer(mutating: x), stride: width)
    let matrix = kernel_matrix(weights: vector.address, dtype: kernel_bf16, stride: width, scales: kernel_scales())
    var result: Float = 0
    withUnsafeMutablePointer(to: &result) {
      kernel_dot(rows, 1, matrix, width, 0, 1, nil, 0, kernel_rows(values: $0, stride: 1))
    }
    return result
  }

  /// Adds `scale` v to y [D].
  func addScaled(_ index: Int, _ scale: Float, to y: UnsafeMutablePointer<Float>) {
    withFloats(index) { kernel_add_scaled(y, $0, scale, width) }
  }

  /// Calls `body` with a vector as F32.
  func withFloats<Result>(_ index: Int, _ body: (UnsafePointer<Float>) -> Result) -> Result {
    let vector = vectors[index]
    guard vector.isHalf else { return body(vector.address.assumingMemoryBound(to: Float.self)) }
    return widened.withUnsafeMutableBufferPointer {
      Self.widen(vector, to: $0.baseAddress!, width)
      return body($0.baseAddress!)
    }
  }

  /// Writes a vector as F32 to `target` [D].
  func write(_ index: Int, to target: UnsafeMutablePointer<Float>) {
    let vector = vectors[index]
    if vector.isHalf {
      Self.widen(vector, to: target, width)
    } else {
      UnsafeMutableRawPointer(target).copyMemory(from: vector.address, byteCount: 4 * width)
    }
  }

  private static func widen(_ vector: Vector, to target: UnsafeMutablePointer<Float>, _ width: Int) {
    for i in 0..<width {
      let bits = UInt32(vector.address.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self)) << 16
      target[i] = Float(bitPattern: bits)
    }
  }
}
