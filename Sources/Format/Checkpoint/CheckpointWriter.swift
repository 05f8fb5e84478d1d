import Foundation

extension Checkpoint {
  /// Writes the base tensors, `memories`, the manifest and the companion files to one safetensors file.
  ///
  /// The file appears whole or not at all. The same content gives the same bytes.
  /// - Parameter progress: called with the bytes written so far and in all.
  /// - Throws: `FormatError` of kind `sameFile`, `exists` or `unwritable`; the base and any old file stay as they were.
  public func write(
    memories: [Memory], to output: String, replacing: Bool = false, baseHash: String? = nil,
    progress: ((Int, Int) -> Void)? = nil
  ) throws(FormatError) {
    try prepare(memories: memories, to: output, replacing: replacing, baseHash: baseHash, progress: progress).commit()
  }

  /// Writes the file of `write` under a temporary name, so that it can be read before it replaces anything.
  ///
  /// - Throws: `FormatError` as `write` does.
  public func prepare(
    memories: [Memory], to output: String, replacing: Bool = false, baseHash: String? = nil,
    progress: ((Int, Int) -> Void)? = nil
  ) throws(FormatError) -> PendingCheckpoint {
    try checkOutput(output, replacing: replacing)
    var (added, entries) = try additions(memories, baseHash: baseHash)
    for file in CompanionFile.allCases {
      if let bytes = companion(file) { added.append(Tensor(name: file.tensorName, bytes: bytes)) }
    }
    if let header { added.append(header) }
    for (key, value) in metadata where entries[key] == nil { entries[key] = value }
    if let format = metadata.first(where: { $0.key == "format" }) { entries["format"] = format.value }
    let file = try SafetensorsFile.prepare(tensors + added, metadata: entries, for: output, progress: progress)
    return PendingCheckpoint(file, replacing: replacing)
  }

  /// Writes `memories` and the manifest without base tensors and companion files, under the same guarantees.
  ///
  /// - Throws: `FormatError` of kind `sameFile`, `exists`, `unwritable`, or `memoryTable` where there are no memories.
  public func writeSidecar(
    memories: [Memory], to output: String, replacing: Bool = false, baseHash: String? = nil
  ) throws(FormatError) {
    try prepareSidecar(memories: memories, to: output, replacing: replacing, baseHash: baseHash).commit()
  }

  /// Writes the file of `writeSidecar` under a temporary name, so that it can be read before it replaces anything.
  ///
  /// - Throws: `FormatError` as `writeSidecar` does.
  public func prepareSidecar(
    memories: [Memory], to output: String, replacing: Bool = false, baseHash: String? = nil
  ) throws(FormatError) -> PendingCheckpoint {
    try checkOutput(output, replacing: replacing)
    guard !memories.isEmpty else {
      throw FormatError(.memoryTable, output, "there are no memories to write to a file of their own")
    }
    let (added, entries) = try additions(memories, baseHash: baseHash)
    return PendingCheckpoint(
      try SafetensorsFile.prepare(added, metadata: entries, for: output), replacing: replacing)
  }

  /// The tensors and the metadata entries that memories add to a base.
  private func additions(
    _ memories: [Memory], baseHash: String?
  ) throws(FormatError) -> ([Tensor], [ByteString: ByteString]) {
    let manifest = Manifest.bytes(of: memories)
    let identity: String
    if let baseHash { identity = baseHash } else { identity = try self.identity() }
    return (
      Memory.tables(of: memories).flatMap(\.tensors) + [Tensor(name: Manifest.tensorName, bytes: manifest)],
      [
        "format": "pt", "memory.version": "1", "memory.base": ByteString(identity),
        "memory.manifest": ByteString(SHA256.hex(manifest)),
      ]
    )
  }

  /// Writes the base tensors alone: what a patched file was made from. Where that was one safetensors file, the bytes
  /// are its own.
  ///
  /// The companion files are left out; where they are not beside `output`, the caller keeps them elsewhere.
  public func writeBase(
    to output: String, replacing: Bool = false, progress: ((Int, Int) -> Void)? = nil
  ) throws(FormatError) {
    try checkOutput(output, replacing: replacing)
    guard !isSidecar else {
      throw FormatError(.notACheckpoint, path, "holds memories without their base", expected: "a whole model")
    }
    let kept = metadata.filter { !$0.key.hasPrefix("memory.") }
    try SafetensorsFile.write(
      tensors, metadata: Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) }),
      header: try originalHeader(), to: output, progress: progress)
  }

  /// The header that the base had, where it is known.
  ///
  /// - Throws: `FormatError` of kind `manifest` where it is not that of the base tensors.
  func originalHeader() throws(FormatError) -> [UInt8]? {
    guard let header else { return nil }
    let location = "\(path): tensor \(Checkpoint.headerName)"
    guard header.dtype == .u8, let bytes = try? header.withBytes({ Array($0) }) else {
      throw FormatError(.manifest, location, "wrong dtype", expected: "U8", got: header.dtype.rawValue)
    }
    let count = tensors.reduce(0) { $0 + $1.byteCount }
    let described: SafetensorsHeader
    do {
      described = try bytes.withUnsafeBytes {
        try SafetensorsHeader(validating: $0, dataCount: count, location: location)
      }
    } catch {
      throw error as? FormatError ?? FormatError(.manifest, location, "cannot be read")
    }
    guard described.dataStart == bytes.count,
      described.tensors.elementsEqual(tensors, by: { ($0.name, $0.dtype, $0.shape) == ($1.name, $1.dtype, $1.shape) })
    else { throw FormatError(.manifest, location, "is not the header of the base tensors") }
    return bytes
  }

  /// What can be known to go wrong with files that are to be written, before any work is done.
  public func checkOutputs(_ outputs: [String], replacing: Bool) throws(FormatError) {
    for (i, output) in outputs.enumerated() {
      try checkOutput(output, replacing: replacing)
      guard !outputs[..<i].contains(where: { areSameFile($0, output) }) else {
        throw FormatError(.sameFile, output, "two outputs are the same file")
      }
    }
  }

  /// The same of one file.
  public func checkOutput(_ output: String, replacing: Bool) throws(FormatError) {
    var status = stat()
    guard stat(output, &status) == 0 else {
      let folder = (output as NSString).deletingLastPathComponent
      guard access(folder.isEmpty ? "." : folder, W_OK | X_OK) == 0 else {
        throw FormatError(.unwritable, output, "its folder cannot be written: \(systemError())")
      }
      return
    }
    for source in sources {
      var other = stat()
      if stat(source, &other) == 0, other.st_dev == status.st_dev, other.st_ino == status.st_ino {
        throw FormatError(.sameFile, output, "output and input are the same file")
      }
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FormatError(.unwritable, output, "not a regular file")
    }
    guard replacing else { throw .exists(output) }
  }
}

/// Whether two paths, of files that need not be there, lead to the same place.
package func areSameFile(_ a: String, _ b: String) -> Bool {
  func place(_ path: String) -> URL { URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath() }
  return place(a) == place(b)
}
