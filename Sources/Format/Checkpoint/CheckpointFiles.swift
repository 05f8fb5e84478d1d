import Foundation

/// The safetensors files of a checkpoint: one file, or the shards of an index.
struct CheckpointFiles {
  var tensors: [Tensor] = []
  var metadata: [(key: ByteString, value: ByteString)]?
  /// The paths of every file that was opened, none of which may be written over.
  var paths: [String] = []
  /// What is wrong with the files and changes nothing.
  var warnings: [String] = []

  /// The bytes in front of the data of a single file: length and JSON text.
  var header: Tensor?

  static let indexName = "model.safetensors.index.json"
  static let fileName = "model.safetensors"

  /// Opens a single safetensors file.
  init(file: MappedFile) throws(FormatError) {
    let header = try file.withBytes { bytes throws(FormatError) in
      try SafetensorsHeader(validating: bytes, location: file.path)
    }
    tensors = header.tensors.map { Tensor(info: $0, file: file, dataStart: header.dataStart) }
    self.header = Tensor(
      info: TensorInfo(
        name: Checkpoint.headerName, dtype: .u8, shape: [header.dataStart], range: 0..<header.dataStart),
      file: file, dataStart: 0)
    metadata = header.metadata
    paths = [file.path]
  }

  /// Opens the shards of an index.
  ///
  /// - Throws: `FormatError` as `ShardIndex` does.
  init(index path: String) throws(FormatError) {
    let index = try ShardIndex(path: path)
    (tensors, metadata, paths, warnings) = (index.tensors, index.metadata, index.paths, index.warnings)
  }

  /// Opens the single file or the index of a folder.
  init(folder: String) throws(FormatError) {
    let single = (folder as NSString).appendingPathComponent(Self.fileName)
    let index = (folder as NSString).appendingPathComponent(Self.indexName)
    if FileManager.default.fileExists(atPath: single) {
      try self.init(file: MappedFile(path: single))
    } else if FileManager.default.fileExists(atPath: index) {
      try self.init(index: index)
    } else {
      throw FormatError(
        .notACheckpoint, folder, "the folder holds no checkpoint",
        expected: "\(Self.fileName) or \(Self.indexName)")
    }
  }
}
