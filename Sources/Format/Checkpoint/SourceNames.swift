/// Errors in the terms of the file that the user has.
extension Checkpoint {
  /// A place in the checkpoint as its file names it: that of a GGUF file, by the file's keys and tensors instead of those of
  /// the files that are made from it.
  package func sourceLocation(_ location: String) -> String {
    let start = "\(path): "
    guard let gguf, location.hasPrefix(start) else { return location }
    return gguf.location(String(location.dropFirst(start.count)), in: path)
  }

  /// The error with the place as the file names it.
  package func inSourceTerms(_ error: FormatError) -> FormatError {
    var error = error
    error.location = sourceLocation(error.location)
    return error
  }
}
