import Format

/// A model that a command opens, and the type that the tensors of a `.gguf` file are converted to.
public struct ModelFile: Sendable, Equatable {
  static let options = ["dtype"]

  static let dtypeOption = CommandOption(
    "dtype", value: "bf16|f16|f32",
    help: "the type that tensors of a .gguf file are converted to (default: F16, BF16 and F32 stay, others become F32)")

  /// The values of `--dtype`.
  private enum Choice: String, CaseIterable {
    case bf16, f16, f32

    var dtype: Dtype {
      switch self {
      case .bf16: .bf16
      case .f16: .f16
      case .f32: .f32
      }
    }
  }

  public var path: String
  /// nil keeps the types that the file has, and makes quantized tensors F32.
  public var dtype: Dtype?

  init(_ path: String, _ arguments: ParsedArguments) throws(UsageError) {
    self.path = path
    dtype = try arguments.choice("dtype", of: Choice.self)?.dtype
  }

  /// Opens the checkpoint.
  ///
  /// - Throws: `FormatError`, and `UsageError` where a type is asked for and the file is no `.gguf` file.
  func open() throws -> Checkpoint {
    let checkpoint = try checkpoint()
    try requireConversion(of: [checkpoint])
    return checkpoint
  }

  func checkpoint() throws(FormatError) -> Checkpoint { try Checkpoint(path: path, dtype: dtype) }

  /// Refuses a type where none of the files is converted.
  func requireConversion(of checkpoints: [Checkpoint]) throws(UsageError) {
    guard dtype == nil || checkpoints.contains(where: \.isGGUF) else { throw Self.nothingToConvert }
  }

  /// What to say where one of two files was converted to another type than the other's tensors have.
  func notes(of files: [Checkpoint]) -> [String] {
    guard dtype == nil, files.count == 2, files[0].isGGUF != files[1].isGGUF else { return [] }
    let (converted, other) = files[0].isGGUF ? (files[0], files[1]) : (files[1], files[0])
    let dtypes = Dictionary(other.tensors.map { ($0.name, $0.dtype) }) { first, _ in first }
    let wanted = Choice.allCases.filter { choice in
      converted.tensors.contains { dtypes[$0.name] == choice.dtype && $0.dtype != choice.dtype }
    }
    guard wanted.count == 1 else { return [] }
    return [
      "\(converted.path) is a .gguf file: where its tensors differ by their type alone, --dtype \(wanted[0]) compares them"
    ]
  }

  static let nothingToConvert = UsageError("--dtype: only tensors of a .gguf file are converted")
}
