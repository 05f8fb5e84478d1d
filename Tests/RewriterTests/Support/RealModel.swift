import TestSupport
import Testing

@testable import Format

extension RealModel {
  static func checkpoint() throws -> Checkpoint { try Checkpoint(path: #require(path)) }
}
