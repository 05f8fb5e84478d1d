import Foundation

/// The folder of all files that this run of the tests writes; it is removed when the process ends.
private let folder: URL = {
  let folder = FileManager.default.temporaryDirectory.appending(path: "rewriter-tests-\(UUID().uuidString)")
  atexit { try? FileManager.default.removeItem(at: RewriterTests.folder) }
  return folder
}()

/// The path of a file to be written, in a new folder of its own.
func temporaryFile(_ name: String = "out.safetensors") throws -> String {
  let own = folder.appending(path: UUID().uuidString)
  try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
  return own.appending(path: name).path
}

/// The path of a new file with a text.
func temporaryFile(_ name: String, holding text: String) throws -> String {
  let path = try temporaryFile(name)
  try Data(text.utf8).write(to: URL(fileURLWithPath: path))
  return path
}

/// The path of a copy of a folder, to be changed by a test.
func temporaryCopy(of folder: String) throws -> String {
  let path = try temporaryFile("copy")
  try FileManager.default.copyItem(atPath: folder, toPath: path)
  return path
}
