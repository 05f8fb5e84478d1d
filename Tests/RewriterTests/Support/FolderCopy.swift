import Foundation
import TestSupport

extension TemporaryFolder {
  /// Copies a folder, to be changed by a test.
  ///
  /// - Returns: the path of the copy.
  func copy(of path: String) throws -> String {
    let copy = file(URL(fileURLWithPath: path).lastPathComponent)
    try FileManager.default.copyItem(atPath: path, toPath: copy)
    return copy
  }
}
