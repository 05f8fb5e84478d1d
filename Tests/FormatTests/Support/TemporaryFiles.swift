import Foundation
import Testing

@testable import Format

/// A temporary file that is removed with the object.
final class TemporaryFile {
  let path = FileManager.default.temporaryDirectory.appending(path: "format-\(UUID().uuidString)").path

  func write(_ bytes: some Collection<UInt8>) throws {
    try Data(bytes).write(to: URL(filePath: path))
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A temporary folder that is removed with the object.
final class TemporaryFolder {
  let path = FileManager.default.temporaryDirectory.appending(path: "format-\(UUID().uuidString)").path

  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false) }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func write(_ text: String, to name: String) throws { try Data(text.utf8).write(to: URL(filePath: file(name))) }

  func contents(_ name: String) throws -> [UInt8] { try MappedFile(path: file(name)).contents }

  /// The names of the files in the folder, hidden ones too, sorted.
  func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
}
