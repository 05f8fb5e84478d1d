/// The rows of one module as the file holds them: row i of each matrix is one row of a memory.
public struct MemoryTable: Sendable, Equatable {
  /// The module's name, such as `model.layers.23.self_attn.o_proj`.
  public var module: ByteString
  /// D, the width of the module's input.
  public var width: Int
  /// F32 [N, D], row by row.
  public var keys: [Float]
  /// F32 [N, D], row by row.
  public var deltas: [Float]
  /// F32 [N, 2]: boundary and hardness of each row.
  public var bounds: [Float]

  /// N, the number of rows.
  public var count: Int { bounds.count / 2 }

  public static let keysSuffix = ".memory.keys"
  public static let deltasSuffix = ".memory.deltas"
  public static let boundsSuffix = ".memory.bounds"

  /// A table without rows.
  public init(module: ByteString, width: Int) {
    self.module = module
    self.width = width
    keys = []
    deltas = []
    bounds = []
  }

  /// Adds a row; key and delta have `width` elements.
  public mutating func append(key: [Float], delta: [Float], boundary: Float, hardness: Float) {
    precondition(key.count == width && delta.count == width)
    keys += key
    deltas += delta
    bounds += [boundary, hardness]
  }

  /// The table's three tensors in the file's order.
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
      try Self.matrix(ByteString(module.bytes + Array(suffix.utf8)), of: tensors, location: location)
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
    let (count, width) = (keys.shape[0], keys.shape[1])
    guard bounds.shape == [count, 2] else {
      throw FormatError(
        .memoryTable, location, "bounds have the wrong shape", expected: "[\(count), 2]", got: "\(bounds.shape)")
    }
    // Row by row, before all is copied: a sparse file may claim more rows than memory has room for.
    for row in 0..<count {
      let elements = (row * width)..<((row + 1) * width)
      let problem = Self.problem(
        key: keys.floats(in: elements), delta: deltas.floats(in: elements),
        bounds: bounds.floats(in: (2 * row)..<(2 * row + 2)))
      if let problem { throw FormatError(.memoryTable, location, "row \(row): \(problem)") }
    }
    self.module = module
    self.width = width
    self.keys = keys.floats(in: 0..<(count * width))
    self.deltas = deltas.floats(in: 0..<(count * width))
    self.bounds = bounds.floats(in: 0..<(2 * count))
  }

  /// An F32 tensor of two dimensions.
  private static func matrix(
    _ name: ByteString, of tensors: [ByteString: Tensor], location: String
  ) throws(FormatError) -> Tensor {
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

  /// The reason why a row cannot be applied; nil where it can.
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
