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
    try checkOutput(output, replacing: replacing)
    let manifest = Manifest.bytes(of: memories)
    var list = tensors
    for table in Memory.tables(of: memories) { list += table.tensors }
    list.append(Tensor(name: Manifest.tensorName, bytes: manifest))
    for file in CompanionFile.allCases {
      if let bytes = companion(file) { list.append(Tensor(name: file.tensorName, bytes: bytes)) }
    }
    var entries = Dictionary(uniqueKeysWithValues: metadata.map { ($0.key, $0.value) })
    if entries["format"] == nil { entries["format"] = "pt" }
    entries["memory.version"] = "1"
    let identity: String
    if let baseHash { identity = baseHash } else { identity = try self.baseHash() }
    entries["memory.base"] = ByteString(identity)
    entries["memory.manifest"] = ByteString(SHA256.hex(manifest))
    try SafetensorsFile.write(list, metadata: entries, to: output, progress: progress)
  }

  /// Writes the base tensors alone: what a patched file was made from, without the entries that patching added.
  ///
  /// The companion files are left out; where they are not beside `output`, the caller keeps them elsewhere.
  public func writeBase(
    to output: String, replacing: Bool = false, progress: ((Int, Int) -> Void)? = nil
  ) throws(FormatError) {
    try checkOutput(output, replacing: replacing)
    let kept = metadata.filter { !$0.key.hasPrefix("memory.") }
    try SafetensorsFile.write(
      tensors, metadata: Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) }), to: output,
      progress: progress)
  }

  /// What can be known to go wrong before any work is done.
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
    guard replacing else { throw FormatError(.exists, output, "exists already (--force replaces it)") }
  }
}

/// Writing a safetensors file through a temporary one.
package enum SafetensorsFile {
  static func header(_ tensors: [Tensor], metadata: [ByteString: ByteString], place: String)
    throws(FormatError) -> [UInt8]
  {
    var members: [(String, JSONNode)] = []
    if !metadata.isEmpty {
      let sorted = metadata.sorted { $0.key < $1.key }
      members.append(
        ("__metadata__", .object(sorted.map { ($0.key.description, .string($0.value.description)) })))
    }
    var offset = 0
    for tensor in tensors {
      let (end, overflow) = offset.addingReportingOverflow(tensor.byteCount)
      guard !overflow else { throw FormatError(.validationOverflow, place, "more than 2⁶³ bytes") }
      members.append(
        (
          tensor.name.description,
          [
            "dtype": .string(tensor.dtype.rawValue), "shape": .array(tensor.shape.map(JSONNode.int)),
            "data_offsets": [.int(offset), .int(end)],
          ]
        ))
      offset = end
    }
    var text = JSONNode.object(members).bytes()
    repeat { text.append(0x20) } while text.count % 8 != 0
    // Some released readers take a header of 99,994 to 100,000 bytes for one over their limit.
    if 99_994...100_000 ~= text.count { text += [UInt8](repeating: 0x20, count: 8) }
    return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
  }

  /// Writes tensors and metadata to a file, which appears whole or not at all and replaces what is there.
  ///
  /// - Throws: `FormatError` of kind `unwritable`, or where a tensor cannot be read.
  package static func write(
    _ tensors: [Tensor], metadata: [ByteString: ByteString], to output: String,
    progress: ((Int, Int) -> Void)? = nil
  ) throws(FormatError) {
    let header = try header(tensors, metadata: metadata, place: output)
    let folder = (output as NSString).deletingLastPathComponent
    let name = (output as NSString).lastPathComponent
    let temporary = (folder as NSString).appendingPathComponent(".\(name).\(getpid()).tmp")
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FormatError(.unwritable, output, systemError()) }
    var finished = false
    defer {
      close(descriptor)
      if !finished { unlink(temporary) }
    }
    let total = tensors.reduce(header.count) { $0 + $1.byteCount }
    var written = 0
    do {
      try header.withUnsafeBytes { try writeAll($0, to: descriptor) }
      written += header.count
      for tensor in tensors {
        try tensor.withBytes { bytes in
          guard bytes.count == tensor.byteCount else {
            throw FormatError(
              .unreadable, "\(output): tensor \(tensor.name)", "changed its size while being written")
          }
          var start = 0
          while start < bytes.count {
            let end = min(start + 8 << 20, bytes.count)
            try writeAll(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), to: descriptor)
            written += end - start
            start = end
            progress?(written, total)
          }
        }
      }
    } catch let error as FormatError {
      throw error
    } catch {
      throw FormatError(.unwritable, output, "\(error)")
    }
    guard fsync(descriptor) == 0 else { throw FormatError(.unwritable, output, systemError()) }
    let check = try MappedFile(path: temporary)
    _ = try check.withBytes { bytes throws(FormatError) in
      try SafetensorsHeader(validating: bytes, place: output)
    }
    guard rename(temporary, output) == 0 else { throw FormatError(.unwritable, output, systemError()) }
    finished = true
    let folderDescriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_CLOEXEC)
    if folderDescriptor >= 0 {
      fsync(folderDescriptor)
      close(folderDescriptor)
    }
  }

  private struct WriteFailure: Error, CustomStringConvertible { var description: String }

  private static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws {
    var rest = bytes
    while let base = rest.baseAddress, !rest.isEmpty {
      let count = Foundation.write(descriptor, base, rest.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw WriteFailure(description: systemError())
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }
}
