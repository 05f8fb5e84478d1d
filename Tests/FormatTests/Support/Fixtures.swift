import Foundation

@testable import Format

/// The files in `Tests/Fixtures`, which the scripts there wrote.
enum Fixtures {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures").path

  /// The folder of a tiny model.
  static func model(_ name: String) -> String { "\(folder)/models/\(name)" }

  /// A file of `make_gguf_fixtures.py`.
  static func gguf(_ name: String) -> String { "\(folder)/gguf/\(name)" }

  /// A tokenizer of `make_tokenizer_kinds.py`.
  static func tokenizer(_ kind: String) -> String { "\(folder)/tokenizer/kinds/\(kind).json" }

  /// The tensors of a safetensors file by name.
  static func tensors(safetensors path: String) throws -> [ByteString: Tensor] {
    let tensors = try CheckpointFiles(file: MappedFile(path: path)).tensors
    return Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) })
  }
}

extension Tensor {
  var bytes: [UInt8] { withBytes { Array($0) } }
}
