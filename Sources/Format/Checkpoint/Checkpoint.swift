import Foundation
import Synchronization

/// The files that stand beside a checkpoint and travel inside a patched one.
public enum CompanionFile: String, CaseIterable, Sendable {
  case config = "config.json"
  case tokenizer = "tokenizer.json"
  case tokenizerConfig = "tokenizer_config.json"
  case generationConfig = "generation_config.json"

  public var tensorName: ByteString { ByteString("embedded.\(rawValue)") }
}

/// A model on disk: base tensors, the files beside them, and the memories that a patched file carries.
public struct Checkpoint: Sendable {
  public let path: String
  /// The base tensors in the order of their data.
  public let tensors: [Tensor]
  public let metadata: [(key: ByteString, value: ByteString)]
  public var memories: [Memory]
  /// Every file that was opened.
  public let sources: [String]
  /// The header of the single safetensors file that the base was, byte for byte; nil for shards and other formats.
  let header: Tensor?
  private let byName: [ByteString: Int]
  private let companions: [CompanionFile: [UInt8]]

  /// Opens a `.safetensors` file, a folder, an index of shards or a `.gguf` file.
  ///
  /// - Parameter dtype: the dtype that tensors of a `.gguf` file are converted to; nil keeps F32, F16 and BF16 and
  ///   turns quantized ones into F32. Other files are read as they are.
  /// - Throws: `FormatError`; its kind says which rule the content breaks.
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
      try self.init(CheckpointFiles(index: path), path: path, folder: (path as NSString).deletingLastPathComponent)
    } else {
      try self.init(file: file)
    }
  }

  /// Reads one safetensors file.
  init(file: MappedFile) throws(FormatError) {
    let folder = (file.path as NSString).deletingLastPathComponent
    try self.init(CheckpointFiles(file: file), path: file.path, folder: folder)
  }

  private init(gguf path: String, dtype: Dtype?) throws(FormatError) {
    let file = try GGUFFile(path: path)
    let tensors = try file.tensors(dtype: dtype)
    var companions = [
      CompanionFile.config: try file.configJSON(dtype: dtype), .tokenizer: try file.tokenizerJSON(),
    ]
    companions[.tokenizerConfig] = try file.tokenizerConfigJSON()
    self.init(path: path, tensors: tensors, metadata: [], memories: [], sources: [path], companions: companions)
  }

  /// - Parameter folder: where companion files stand that are not inside.
  private init(_ files: CheckpointFiles, path: String, folder: String) throws(FormatError) {
    let parts = try Self.separate(files, location: path)
    var companions = parts.companions
    var sources = files.paths
    for file in CompanionFile.allCases where companions[file] == nil {
      let beside = (folder as NSString).appendingPathComponent(file.rawValue)
      if FileManager.default.fileExists(atPath: beside) {
        companions[file] = try MappedFile(path: beside).contents
        sources.append(beside)
      }
    }
    self.init(
      path: path, tensors: parts.base, metadata: files.metadata ?? [], memories: parts.memories, sources: sources,
      header: parts.header, companions: companions)
  }

  /// A checkpoint that holds nothing, for comparing with one that does.
  public init(emptyAt path: String) {
    self.init(path: path, tensors: [], metadata: [], memories: [], sources: [], companions: [:])
  }

  private init(
    path: String, tensors: [Tensor], metadata: [(key: ByteString, value: ByteString)], memories: [Memory],
    sources: [String], header: Tensor? = nil, companions: [CompanionFile: [UInt8]]
  ) {
    self.path = path
    self.tensors = tensors
    self.metadata = metadata
    self.memories = memories
    self.sources = sources
    self.header = header
    self.companions = companions
    byName = Dictionary(tensors.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Whether its tensors are converted from another format rather than read in place.
  public var isConverted: Bool { tensors.contains { $0.mapped == nil } }

  public subscript(name: ByteString) -> Tensor? { byName[name].map { tensors[$0] } }

  /// The bytes of a companion file, from inside the checkpoint or from beside it.
  public func companion(_ file: CompanionFile) -> [UInt8]? { companions[file] }

  /// Where a companion file was looked for, for error messages.
  public func location(of file: CompanionFile) -> String { "\(path): \(file.rawValue)" }

  /// What the files of a checkpoint hold.
  private struct Parts {
    var base: [Tensor]
    var memories: [Memory]
    var header: Tensor?
    var companions: [CompanionFile: [UInt8]]
  }

  static let headerName: ByteString = "embedded.header"

  private static func separate(_ files: CheckpointFiles, location: String) throws(FormatError) -> Parts {
    if let version = files.metadata?.first(where: { $0.key == "memory.version" })?.value, version != "1" {
      throw FormatError(
        .memoryTable, "\(location): __metadata__.memory.version", "made by a later format", expected: "1",
        got: version.description)
    }
    var base: [Tensor] = []
    var added: [ByteString: Tensor] = [:]
    var modules: Set<ByteString> = []
    for tensor in files.tensors {
      let suffix = [MemoryTable.keysSuffix, MemoryTable.deltasSuffix, MemoryTable.boundsSuffix].first(
        where: tensor.name.hasSuffix)
      if let suffix {
        modules.insert(ByteString(tensor.name.bytes.dropLast(suffix.utf8.count)))
        added[tensor.name] = tensor
      } else if tensor.name == Manifest.tensorName || tensor.name.hasPrefix("embedded.") {
        added[tensor.name] = tensor
      } else {
        base.append(tensor)
      }
    }
    var tables: [MemoryTable] = []
    for module in modules.sorted() {
      tables.append(try MemoryTable(module: module, tensors: added, location: location))
    }
    func bytes(_ name: ByteString) throws(FormatError) -> [UInt8]? {
      guard let tensor = added[name] else { return nil }
      guard tensor.dtype == .u8, tensor.shape.count == 1 else {
        throw FormatError(
          .manifest, "\(location): tensor \(name)", "wrong type", expected: "U8 of one dimension",
          got: "\(tensor.dtype.rawValue) \(tensor.shape)")
      }
      return try? tensor.withBytes { Array($0) }
    }
    let manifest = try bytes(Manifest.tensorName)
    let recorded = files.metadata?.first { $0.key == "memory.manifest" }?.value
    let actual = manifest.map { ByteString(SHA256.hex($0)) }
    guard recorded == actual else {
      throw FormatError(
        .manifest, "\(location): memory.manifest", "does not match its hash in __metadata__",
        expected: recorded?.description ?? "no manifest", got: actual?.description ?? "none")
    }
    let memories =
      if let manifest { try Manifest.memories(manifest, tables: tables, location: location) } else {
        Manifest.anonymous(tables)
      }
    var embedded: [CompanionFile: [UInt8]] = [:]
    for file in CompanionFile.allCases { embedded[file] = try bytes(file.tensorName) }
    let header = added.isEmpty && recorded == nil ? files.header : added[headerName]
    return Parts(base: base, memories: memories, header: header, companions: embedded)
  }

  /// The identity of the base: SHA-256 over a line `name⇥dtype⇥shape⇥hash⏎` a tensor, sorted by name; hexadecimal.
  ///
  /// - Parameter progress: called with the bytes read so far, from any thread.
  public func baseHash(
    progress: @Sendable (StepProgress) -> Void = { _ in }
  ) throws(FormatError) -> String {
    let sorted = tensors.sorted { $0.name < $1.name }
    let total = sorted.reduce(0) { $0 &+ $1.byteCount }
    let read = Atomic(0)
    let hashes = sorted.concurrentMap { tensor in
      let hash = try? tensor.sha256()
      progress(StepProgress("hashing", read.add(tensor.byteCount, ordering: .relaxed).newValue, of: total))
      return hash
    }
    var lines: [UInt8] = []
    for (tensor, hash) in zip(sorted, hashes) {
      guard let hash else {
        throw FormatError(.unreadable, "\(path): tensor \(tensor.name)", "cannot be read")
      }
      let shape = "[" + tensor.shape.map(String.init).joined(separator: ",") + "]"
      lines += tensor.name.bytes + Array("\t\(tensor.dtype.rawValue)\t\(shape)\t\(hash)\n".utf8)
    }
    return SHA256.hex(lines)
  }
}
