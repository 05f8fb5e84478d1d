import Foundation

/// A model on disk: base tensors, companion files, and the memories that a patched file carries.
public struct Checkpoint: Sendable {
  /// The path that was opened; errors name it.
  public let path: String
  /// The base tensors in the order of their data.
  public let tensors: [Tensor]
  /// The entries of `__metadata__`, sorted by key; of shards, those of the first that has any.
  public let metadata: [(key: ByteString, value: ByteString)]
  public var memories: [Memory]
  /// The paths of every file that was opened.
  public let sources: [String]
  /// What is wrong with the files and changes nothing, a line each.
  public let warnings: [String]
  /// The header of the single safetensors file that the base was; nil for shards and other formats.
  let header: Tensor?
  /// The name of the tensor that keeps the base's header in a patched file.
  static let headerName: ByteString = "embedded.header"
  /// The names that a GGUF file has for what was read from it; nil for other formats.
  let gguf: GGUFNames?
  private let byName: [ByteString: Int]
  private let companions: [CompanionFile: [UInt8]]

  /// Opens a `.safetensors` file, a folder, an index of shards or a `.gguf` file, with the others that it is split into.
  ///
  /// - Parameter dtype: the dtype that tensors of a `.gguf` file are converted to; nil keeps F32, F16 and BF16 and
  ///   makes all others F32. Other files are read as they are.
  /// - Throws: `FormatError` of the kind of the rule that is broken.
  public init(path: String, dtype: Dtype? = nil) throws(FormatError) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw FormatError(.missing, path, "no such file or folder")
    }
    guard !isFolder.boolValue else {
      try self.init(CheckpointFiles(folder: path), path: path, folder: path)
      return
    }
    let file = try MappedFile(path: path)
    if file.withBytes({ $0.starts(with: "GGUF".utf8) }) {
      try self.init(gguf: path, dtype: dtype)
    } else if path.hasSuffix(".index.json") {
      try self.init(CheckpointFiles(index: path), path: path, folder: SplitPath(path).folder)
    } else {
      try self.init(file: file)
    }
  }

  /// Reads one safetensors file.
  init(file: MappedFile) throws(FormatError) {
    let folder = SplitPath(file.path).folder
    try self.init(CheckpointFiles(file: file), path: file.path, folder: folder)
  }

  /// Opens one safetensors file that stands for an earlier version of what will replace it, as git hands it to a merge.
  ///
  /// It may be written over, and files beside it are not its companions.
  package init(version path: String) throws(FormatError) {
    let file = try MappedFile(path: path)
    if file.count == 0 {
      self.init(emptyAt: path)
    } else {
      try self.init(CheckpointFiles(file: file), path: path, folder: nil)
    }
  }

  private init(gguf path: String, dtype: Dtype?) throws(FormatError) {
    let file = try GGUFFile(path: path)
    let tensors = try file.tensors(dtype: dtype)
    var companions = [
      CompanionFile.config: try file.configJSON(dtype: dtype), .tokenizer: try file.tokenizerJSON(),
    ]
    companions[.tokenizerConfig] = try file.tokenizerConfigJSON()
    self.init(
      path: path, tensors: tensors, metadata: [], memories: [], sources: file.paths, companions: companions,
      gguf: file.names)
  }

  /// - Parameter folder: the folder of companion files that are not inside; nil where the file stands alone and may be
  ///   replaced.
  private init(_ files: CheckpointFiles, path: String, folder: String?) throws(FormatError) {
    let parts = try CheckpointParts(files, location: path)
    var companions = parts.companions
    var sources = folder == nil ? [] : files.paths
    for file in CompanionFile.allCases where companions[file] == nil {
      guard let folder else { continue }
      let beside = (folder as NSString).appendingPathComponent(file.rawValue)
      if FileManager.default.fileExists(atPath: beside) {
        companions[file] = try MappedFile(path: beside).contents
        sources.append(beside)
      }
    }
    self.init(
      path: path, tensors: parts.base, metadata: files.metadata ?? [], memories: parts.memories, sources: sources,
      warnings: files.warnings, header: parts.header, companions: companions)
  }

  /// A checkpoint that holds nothing, to compare another with.
  public init(emptyAt path: String) {
    self.init(path: path, tensors: [], metadata: [], memories: [], sources: [], companions: [:])
  }

  private init(
    path: String, tensors: [Tensor], metadata: [(key: ByteString, value: ByteString)], memories: [Memory],
    sources: [String], warnings: [String] = [], header: Tensor? = nil, companions: [CompanionFile: [UInt8]],
    gguf: GGUFNames? = nil
  ) {
    self.path = path
    self.tensors = tensors
    self.metadata = metadata
    self.memories = memories
    self.sources = sources
    self.warnings = warnings
    self.header = header
    self.companions = companions
    self.gguf = gguf
    byName = Dictionary(tensors.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// A checkpoint with other names of tensors, which memories follow to the modules of these names.
  ///
  /// - Parameter name: the new name of a tensor, one for each; nil leaves the tensor out.
  package func renamed(_ name: (ByteString) -> ByteString?) -> Checkpoint {
    let suffix = ".weight"
    func module(_ old: ByteString) -> ByteString {
      name(ByteString(old.bytes + suffix.utf8)).map { ByteString(Array($0.bytes.dropLast(suffix.utf8.count))) } ?? old
    }
    let renamed = tensors.compactMap { tensor in
      name(tensor.name).map { new in
        var tensor = tensor
        tensor.name = new
        return tensor
      }
    }
    var memories = memories
    for (i, memory) in memories.enumerated() {
      for (j, row) in memory.rows.enumerated() {
        memories[i].rows[j].module = module(row.module)
        for (k, cue) in row.cues.enumerated() { memories[i].rows[j].cues[k].module = module(cue.module) }
      }
    }
    return Checkpoint(
      path: path, tensors: renamed, metadata: metadata, memories: memories, sources: sources, warnings: warnings,
      header: renamed.map(\.name) == tensors.map(\.name) ? header : nil, companions: companions, gguf: gguf)
  }

  /// Whether the base was a single safetensors file whose header is known, so that it can be given back to the byte.
  package var wasOneFile: Bool { header != nil }

  /// Whether it was read from a GGUF file, whose tensors can be converted.
  public var isGGUF: Bool { gguf != nil }

  /// The base tensor of that name; nil where there is none.
  public subscript(name: ByteString) -> Tensor? { byName[name].map { tensors[$0] } }

  /// The bytes of a companion file, from inside the checkpoint or beside it; nil where there is none.
  public func companion(_ file: CompanionFile) -> [UInt8]? { companions[file] }

  /// The location of a companion file, for error messages.
  package func location(of file: CompanionFile) -> String { "\(path): \(file.rawValue)" }
}
