import Foundation

extension TemporaryFolder {
  /// A tiny model under Tests/Fixtures/models with a tokenizer: its own, or the one that all of them were made with.
  ///
  /// - Returns: the path of a copy.
  public func model(_ name: String) throws -> String {
    let copy = file(name)
    try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
    for part in try FileManager.default.contentsOfDirectory(atPath: fixture(name)) where !part.hasPrefix("expected.") {
      try FileManager.default.copyItem(atPath: "\(fixture(name))/\(part)", toPath: "\(copy)/\(part)")
    }
    let tokenizer = "\(copy)/tokenizer.json"
    if !FileManager.default.fileExists(atPath: tokenizer) {
      try FileManager.default.copyItem(atPath: "\(fixture("llama-a"))/tokenizer.json", toPath: tokenizer)
    }
    return copy
  }
}
