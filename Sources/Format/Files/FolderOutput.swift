import Foundation

/// The place of a folder, which appears whole or not at all and replaces only its like.
package struct FolderOutput {
  /// The path that `write` gives the folder, as errors name it.
  private let output: String
  /// The same without a slash at its end, which would follow a link.
  private let place: String
  private let parent: String
  private let objection: (([String]) -> String?)?

  /// - Parameters:
  ///   - output: the folder's path.
  ///   - objection: nil where a folder that is there is refused, else what keeps one from being replaced that holds files
  ///     of these names, in order; nil from it where nothing does.
  package init(at output: String, objection: (([String]) -> String?)?) {
    let path = SplitPath(output)
    (self.output, self.objection) = (output, objection)
    parent = path.folder.isEmpty ? "." : path.folder
    place = path.folder.isEmpty ? path.name : path.folder == "/" ? "/\(path.name)" : "\(path.folder)/\(path.name)"
  }

  /// Checks, before any work is done, that the folder can be written.
  ///
  /// - Throws: `FormatError` of kind `exists` or `unwritable`.
  package func check() throws(FormatError) {
    var status = stat()
    guard lstat(place, &status) == 0 else {
      guard access(parent, W_OK | X_OK) == 0 else {
        throw FormatError(.unwritable, output, "the folder around it cannot be written: \(systemError())")
      }
      return
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw FormatError(.unwritable, output, "not a folder") }
    guard let objection else { throw .exists(output) }
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: place) else {
      throw FormatError(.unwritable, output, "cannot be read: \(systemError())")
    }
    if let problem = objection(names.sorted()) {
      throw FormatError(.unwritable, output, "is not replaced: it \(problem)")
    }
  }

  /// Writes a folder of texts.
  ///
  /// - Parameter files: by name, none with the name of another.
  /// - Throws: `FormatError` of kind `exists` or `unwritable`.
  package func write(_ files: [(name: String, text: String)]) throws(FormatError) {
    try check()
    let folder = try PendingFolder(at: place)
    for file in files {
      do { try writeFile(Array(file.text.utf8), to: folder.path(of: file.name)) } catch {
        throw FormatError(.unwritable, "\(output)/\(file.name)", error.problem)
      }
    }
    try check()
    try folder.commit(replacing: objection != nil)
  }
}
