/// The content of a checkpoint's safetensors files, sorted into base tensors, memories and companion files.
struct CheckpointParts {
  private(set) var base: [Tensor] = []
  private(set) var memories: [Memory] = []
  /// The base's own header: that of an unpatched file, or the one embedded in a patched file.
  private(set) var header: Tensor?
  private(set) var companions: [CompanionFile: [UInt8]] = [:]
  private let location: String
  /// The tensors that patching added.
  private var added: [ByteString: Tensor] = [:]

  /// - Throws: `FormatError` of kind `memoryTable` or `manifest`.
  init(_ files: CheckpointFiles, location: String) throws(FormatError) {
    self.location = location
    func entry(_ key: ByteString) -> ByteString? { files.metadata?.first { $0.key == key }?.value }
    let version = entry("memory.version")
    if let version, version != "1", version != "2" {
      throw FormatError(
        .memoryTable, "\(location): __metadata__.memory.version", "made by a later format", expected: "1 or 2",
        got: version.description)
    }
    let modules = separate(files.tensors)
    let recordedHash = entry("memory.manifest")
    memories = try readMemories(at: modules, version: version, recordedHash: recordedHash)
    // Readers of version 1 would apply these rows without asking for their cues.
    if version != "2", memories.contains(where: \.asksForCues) {
      throw FormatError(
        .memoryTable, "\(location): __metadata__.memory.version", "its rows ask for cues", expected: "2",
        got: version?.description ?? "none")
    }
    for file in CompanionFile.allCases { companions[file] = try bytes(file.tensorName) }
    header = added.isEmpty && recordedHash == nil ? files.header : added[Checkpoint.headerName]
  }

  /// Separates base tensors from added ones and returns the modules that have a memory table.
  private mutating func separate(_ tensors: [Tensor]) -> Set<ByteString> {
    let suffixes = MemoryTable.Part.allCases.map(\.rawValue)
    var modules: Set<ByteString> = []
    for tensor in tensors {
      if let suffix = suffixes.first(where: tensor.name.hasSuffix) {
        modules.insert(ByteString(tensor.name.bytes.dropLast(suffix.utf8.count)))
        added[tensor.name] = tensor
      } else if tensor.name == Manifest.tensorName || tensor.name.hasPrefix("embedded.") {
        added[tensor.name] = tensor
      } else {
        base.append(tensor)
      }
    }
    return modules
  }

  private func readMemories(
    at modules: Set<ByteString>, version: ByteString?, recordedHash: ByteString?
  ) throws(FormatError) -> [Memory] {
    var tables: [MemoryTable] = []
    for module in modules.sorted() {
      let reader = MemoryTableReader(module: module, tensors: added, version: version, location: location)
      tables.append(try reader.table())
    }
    let cues = try FileCues(tables, location: location)
    let manifest = try bytes(Manifest.tensorName)
    let hash = manifest.map { ByteString(SHA256.hex($0)) }
    guard recordedHash == hash else {
      throw FormatError(
        .manifest, "\(location): memory.manifest", "does not match its hash in __metadata__",
        expected: recordedHash?.description ?? "no manifest", got: hash?.description ?? "none")
    }
    guard let manifest else { return Manifest.anonymous(tables, cues: cues) }
    return try Manifest.memories(manifest, tables: tables, cues: cues, location: location)
  }

  /// The bytes of an added U8 tensor; nil where the file has none of that name.
  private func bytes(_ name: ByteString) throws(FormatError) -> [UInt8]? {
    guard let tensor = added[name] else { return nil }
    guard tensor.dtype == .u8, tensor.shape.count == 1 else {
      throw FormatError(
        .manifest, "\(location): tensor \(name)", "wrong type", expected: "U8 of one dimension",
        got: "\(tensor.dtype.rawValue) \(tensor.shape)")
    }
    return tensor.withBytes { Array($0) }
  }
}
