import Foundation
import Testing

/// The real model of the tests that the tiny ones cannot stand in for.
public enum RealModel {
  /// The checkpoint that the environment variable LOCAL_MEMORY_MODEL names; nil where it is unset or empty.
  public static let path: String? = {
    let path = ProcessInfo.processInfo.environment["LOCAL_MEMORY_MODEL"] ?? ""
    return path.isEmpty ? nil : path
  }()
}

extension Trait where Self == ConditionTrait {
  /// Skips a test or a suite where there is no real model, and says so.
  public static var requiresRealModel: Self {
    .enabled(
      if: RealModel.path != nil, "needs a real model: LOCAL_MEMORY_MODEL names a checkpoint, empty or unset skips this")
  }
}
