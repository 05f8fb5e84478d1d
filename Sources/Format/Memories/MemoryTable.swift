/// The memories of one hooked module as the file holds them: row i of each array is one region.
public struct MemoryTable: Sendable, Equatable {
  /// The module path, `model.layers.23.self_attn.o_proj`.
  public var module: ByteString
  /// D, the width of the module's input.
  public var width: Int
  /// F32 [N, D] row by row.
  public var keys: [Float]
  public var deltas: [Float]
  /// F32 [N, 2]: boundary and hardness.
  public var bounds: [Float]

  public var count: Int { bounds.count / 2 }

  public static let keysSuffix = ".memory.keys"
  public static let deltasSuffix = ".memory.deltas"
  public static let boundsSuffix = ".memory.bounds"

  public init(module: ByteString, width: Int) {
    self.module = module
    self.width = width
    keys = []
    deltas = []
    bounds = []
  }

  public mutating func append(key: [Float], delta: [Float], boundary: Float, hardness: Float) {
    precondition(key.count == width && delta.count == width)
    keys += key
    deltas += delta
    bounds += [boundary, hardness]
  }

  /// The three tensors of the table, in the file's order.
  public var tensors: [Tensor] {
    let name = module.description
    return [
      Tensor(name: ByteString(name + Self.keysSuffix), shape: [count, width], floats: keys),
      Tensor(name: ByteString(name + Self.deltasSuffix), shape: [count, width], floats: deltas),
      Tensor(name: ByteString(name + Self.boundsSuffix), shape: [count, 2], floats: bounds),
    ]
  }

  /// Reads and checks the table of `module` from its three tensors.
  ///
  /// - Throws: `FormatError` of kind `memoryTable` where a tensor is missing, the dtype is not F32, counts or widths
  ///   differ, a value is not finite, a key is zero, or a boundary or hardness is not positive.
  init(module: ByteString, tensors: [ByteString: Tensor], location: String) throws(FormatError) {
    func matrix(_ suffix: String) throws(FormatError) -> Tensor {
      let name = ByteString(module.bytes + Array(suffix.utf8))
      let location = "\(location): tensor \(name)"
      guard let tensor = tensors[name] else {
        throw FormatError(.memoryTable, location, "missing from the memory table")
      }
      guard tensor.dtype == .f32, tensor.shape.count == 2 else {
        throw FormatError(
          .memoryTable, location, "wrong type", expected: "F32 of two dimensions",
          got: "\(tensor.dtype.rawValue) \(tensor.shape)")
      }
      return tensor
    }
    let keys = try matrix(Self.keysSuffix)
    let deltas = try matrix(Self.deltasSuffix)
    let bounds = try matrix(Self.boundsSuffix)
    let location = "\(location): \(module)"
    guard keys.shape == deltas.shape else {
      throw FormatError(
        .memoryTable, location, "keys and deltas differ in shape", expected: "\(keys.shape)",
        got: "\(deltas.shape)")
    }
    guard bounds.shape == [keys.shape[0], 2] else {
      throw FormatError(
        .memoryTable, location, "bounds have the wrong shape", expected: "[\(keys.shape[0]), 2]",
        got: "\(bounds.shape)")
    }
    let count = keys.shape[0]
    // In the mapped file, before anything is copied: a sparse one may claim more rows than memory has room for.
    for row in 0..<count {
      let rows = row..<(row + 1)
      let problem = Self.problem(
        key: try Self.read(rows, of: keys, location: location),
        delta: try Self.read(rows, of: deltas, location: location),
        bounds: try Self.read(rows, of: bounds, location: location))
      if let problem { throw FormatError(.memoryTable, location, "row \(row): \(problem)") }
    }
    self.module = module
    width = keys.shape[1]
    self.keys = try Self.read(0..<count, of: keys, location: location)
    self.deltas = try Self.read(0..<count, of: deltas, location: location)
    self.bounds = try Self.read(0..<count, of: bounds, location: location)
  }

  private static func read(_ rows: Range<Int>, of tensor: Tensor, location: String) throws(FormatError) -> [Float] {
    let width = tensor.shape[1]
    do {
      return try tensor.floats(in: (rows.lowerBound * width)..<(rows.upperBound * width))
    } catch {
      throw FormatError(.memoryTable, location, "\(tensor.name) cannot be read: \(error)")
    }
  }

  /// What is wrong with a row, nil where it can be applied.
  private static func problem(key: [Float], delta: [Float], bounds: [Float]) -> String? {
    guard (key + delta + bounds).allSatisfy(\.isFinite) else { return "holds a value that is not finite" }
    let norm = key.reduce(Float(0)) { $0 + $1 * $1 }
    guard norm.isNormal else { return "the key's norm cannot be divided by" }
    // x² / b² must not become 0 / 0 at the key itself.
    guard bounds[0] > 0, (bounds[0] * bounds[0]).isNormal, bounds[1] > 0 else {
      return "boundary and hardness must be positive, the boundary's square a normal F32, got \(bounds[0]) and "
        + "\(bounds[1])"
    }
    return nil
  }
}
