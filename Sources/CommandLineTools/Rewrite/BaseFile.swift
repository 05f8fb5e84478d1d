import Format

/// The operand BASE, and the type that the tensors of a `.gguf` file are converted to.
struct BaseFile {
  static let options = ["dtype"]

  /// The values of `--dtype`.
  private enum Choice: String, CaseIterable { case bf16, f16, f32 }

  var path: String
  /// nil keeps the types that the file has.
  var dtype: Dtype?

  init(_ path: String, _ arguments: ParsedArguments) throws(UsageError) {
    self.path = path
    dtype =
      switch try arguments.choice("dtype", of: Choice.self) {
      case nil: nil
      case .bf16: .bf16
      case .f16: .f16
      case .f32: .f32
      }
  }

  /// Opens the checkpoint.
  ///
  /// - Throws: `FormatError`, and `UsageError` where a type is asked for and the file is no `.gguf` file.
  func open() throws -> Checkpoint {
    let checkpoint = try Checkpoint(path: path, dtype: dtype)
    guard dtype == nil || checkpoint.isConverted else { throw Self.nothingToConvert }
    return checkpoint
  }

  static let nothingToConvert = UsageError("--dtype: only tensors of a .gguf file are converted")
}
