import Kernels

/// The check of a table's regions, one after the other.
struct RegionCheck {
  private var values: [Float]

  /// - Parameter width: of keys and deltas.
  init(width: Int) { values = [Float](repeating: 0, count: width) }

  /// The reason why a region cannot be applied; nil where it can.
  ///
  /// - Parameters:
  ///   - delta: nil for a cue.
  ///   - bounds: boundary and hardness.
  mutating func problem(key: TableVector, delta: TableVector?, _ bounds: [Float]) -> String? {
    guard bounds.allSatisfy(\.isFinite), delta.map({ isFinite($0) }) ?? true, isFinite(key) else {
      return "holds a value that is not finite"
    }
    guard kernel_dot_product(values, values, values.count).isNormal else {
      return "the key's norm cannot be divided by"
    }
    // x² / b² must not become 0 / 0 at the key itself.
    guard bounds[0] > 0, (bounds[0] * bounds[0]).isNormal, bounds[1] > 0 else {
      return "boundary and hardness must be positive, the boundary's square a normal F32, got \(bounds[0]) and "
        + "\(bounds[1])"
    }
    return nil
  }

  /// Leaves the vector in `values`.
  private mutating func isFinite(_ vector: TableVector) -> Bool {
    guard !values.isEmpty else { return true }
    values.withUnsafeMutableBufferPointer { vector.write(to: $0.baseAddress!) }
    return kernel_all_finite(values, values.count) != 0
  }
}
