import Foundation

/// The safetensors files of a checkpoint: one file, or the shards of an index.
struct CheckpointFiles {
  var tensors: [Tensor] = []
  var metadata: [(key: ByteString, value: ByteString)]?
  /// The paths of every file that was opened, none of which may be written over.
  var paths: [String] = []

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
  /// - Parameter index: the path of a `model.safetensors.index.json`.
  /// - Throws: `FormatError` of kind `index` where the index names a shard outside its folder, a tensor that is not in
  ///   its shard, or leaves out one that is.
  init(index: String) throws(FormatError) {
    let folder = SplitPath(index).folder
    paths = [index]
    var seen: Set<ByteString> = []
    for (shard, names) in try Self.shards(of: index).sorted(by: { $0.key < $1.key }) {
      let path = (folder as NSString).appendingPathComponent(shard.description)
      let part = try CheckpointFiles(file: MappedFile(path: path))
      for tensor in part.tensors {
        guard names.contains(tensor.name) else {
          throw FormatError(
            .index, index, "tensor \(tensor.name) of \(shard) is not in the index, or under another shard")
        }
        guard seen.insert(tensor.name).inserted else {
          throw FormatError(.index, index, "tensor \(tensor.name) is in two shards")
        }
      }
      if let missing = names.subtracting(part.tensors.map(\.name)).min() {
        throw FormatError(.index, index, "tensor \(missing) is not in \(shard), where the index has it")
      }
      tensors += part.tensors
      metadata = metadata ?? part.metadata
      paths += part.paths
    }
  }

  /// The file names of an index's shards, each with the names of its tensors.
  private static func shards(of index: String) throws(FormatError) -> [ByteString: Set<ByteString>] {
    let root = try JSONDocument(path: index).root
    guard let map = root["weight_map"], map.isObject else {
      throw FormatError(.index, index, "weight_map is missing or not an object")
    }
    var shards: [ByteString: Set<ByteString>] = [:]
    for (tensor, value) in map.members {
      guard let shard = value.stringBytes.map(ByteString.init), !shard.bytes.isEmpty,
        !shard.bytes.contains(where: { $0 == UInt8(ascii: "/") || $0 == 0 }), shard != "..", shard != "."
      else {
        throw FormatError(
          .index, value.location, "not a file name in the index's own folder", got: value.kindDescription)
      }
      shards[shard, default: []].insert(tensor)
    }
    return shards
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
