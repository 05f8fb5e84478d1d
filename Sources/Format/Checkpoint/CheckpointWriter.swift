extension Checkpoint {
  /// Writes the base tensors, `memories`, the manifest and the companion files to one safetensors file.
  ///
  /// The file appears whole or not at all. The same content gives the same bytes.
  /// - Parameters:
  ///   - baseHash: the base's identity where it is known; nil computes it.
  ///   - progress: called with the bytes written so far and in all.
  /// - Throws: `FormatError` of kind `sameFile`, `exists` or `unwritable`; the base and any old file stay as they were.
  public func write(
    memories: [Memory], to output: String, replacing: Bool = false, baseHash: String? = nil,
    progress: ((Int, Int) -> Void)? = nil
  ) throws(FormatError) {
    try prepare(memories: memories, to: output, replacing: replacing, baseHash: baseHash, progress: progress).commit()
  }

  /// Writes the file of `write` under a temporary name, so that it can be read before it replaces anything.
  ///
  /// - Parameter early: the base tensors, as `copyEarly` began to write them for the same output.
  /// - Throws: `FormatError` as `write` does.
  package func prepare(
    memories: [Memory], to output: String, replacing: Bool = false, baseHash: String? = nil, early: EarlyCopy? = nil,
    progress: ((Int, Int) -> Void)? = nil
  ) throws(FormatError) -> PendingCheckpoint {
    try checkOutput(output, replacing: replacing)
    let (added, entries) = try additions(memories, to: output, baseHash: baseHash)
    let file = try SafetensorsFile.prepare(
      tensors + added + embedded, metadata: metadata(entries), for: output, early: early, progress: progress)
    return PendingCheckpoint(file, replacing: replacing)
  }

  /// Begins to write the base tensors of the file that `prepare` will make for `output`.
  ///
  /// - Returns: nil where there is nothing to begin with.
  package func copyEarly(to output: String) -> EarlyCopy? {
    let hash = ByteString(String(repeating: "0", count: 64))
    return EarlyCopy(
      tensors, beside: embedded,
      metadata: metadata(["memory.version": "2", "memory.base": hash, "memory.manifest": hash]), output: output)
  }

  /// The companion files and the base's header, as a patched file keeps them.
  private var embedded: [Tensor] {
    let files = CompanionFile.allCases.compactMap { file in
      companion(file).map { Tensor(name: file.tensorName, bytes: $0) }
    }
    return files + [header].compactMap(\.self)
  }

  /// The metadata of a patched file, of which `entries` are new.
  private func metadata(_ entries: [ByteString: ByteString]) -> [ByteString: ByteString] {
    var entries = entries
    for (key, value) in metadata where entries[key] == nil && key != MemoryPart.key { entries[key] = value }
    if let format = metadata.first(where: { $0.key == "format" }) { entries["format"] = format.value }
    return entries
  }

  /// Writes a sidecar: `memories` and the manifest without base tensors and companion files.
  ///
  /// - Throws: `FormatError` as `write` does, and of kind `memoryTable` where there are no memories.
  public func writeSidecar(
    memories: [Memory], to output: String, replacing: Bool = false, baseHash: String? = nil
  ) throws(FormatError) {
    try prepareSidecar(memories: memories, to: output, replacing: replacing, baseHash: baseHash).commit()
  }

  /// Writes the file of `writeSidecar` under a temporary name, so that it can be read before it replaces anything.
  ///
  /// - Parameter part: what the file is a part of, which may have no memories; nil for one that stands by itself.
  /// - Throws: `FormatError` as `writeSidecar` does.
  package func prepareSidecar(
    memories: [Memory], to output: String, replacing: Bool = false, baseHash: String? = nil, part: MemoryPart? = nil
  ) throws(FormatError) -> PendingCheckpoint {
    try checkOutput(output, replacing: replacing)
    guard !memories.isEmpty || part != nil else {
      throw FormatError(.memoryTable, output, "there are no memories to write to a file of their own")
    }
    var (added, entries) = try additions(memories, to: output, baseHash: baseHash)
    if let part { entries[MemoryPart.key] = part.entry }
    return PendingCheckpoint(
      try SafetensorsFile.prepare(added, metadata: entries, for: output), replacing: replacing)
  }

  /// The tensors and the metadata entries that memories add to a base.
  private func additions(
    _ memories: [Memory], to output: String, baseHash: String?
  ) throws(FormatError) -> ([Tensor], [ByteString: ByteString]) {
    let manifest = Manifest.bytes(of: memories)
    let tensors = try Memory.tables(of: memories, location: output).flatMap(\.tensors)
    return (
      tensors + [Tensor(name: Manifest.tensorName, bytes: manifest)],
      [
        "format": "pt",
        "memory.version": memories.contains(where: \.asksForCues) || tensors.contains { $0.dtype == .bf16 } ? "2" : "1",
        "memory.base": ByteString(baseHash ?? identity()),
        "memory.manifest": ByteString(SHA256.hex(manifest)),
      ]
    )
  }

  /// Writes the base tensors; where the base was a single safetensors file, its very bytes.
  ///
  /// - Parameter keepsCompanions: whether the companion files stay inside, where the base was not a single file whose bytes
  ///   the output must have.
  /// - Throws: `FormatError` as `write` does, and of kind `notACheckpoint` for a sidecar.
  public func writeBase(
    to output: String, replacing: Bool = false, keepsCompanions: Bool = false, progress: ((Int, Int) -> Void)? = nil
  ) throws(FormatError) {
    try checkOutput(output, replacing: replacing)
    guard !isSidecar else {
      throw FormatError(.notACheckpoint, path, "holds memories without their base", expected: "a whole model")
    }
    let kept = metadata.filter { !$0.key.hasPrefix("memory.") }
    try SafetensorsFile.write(
      tensors + (keepsCompanions && !wasOneFile ? embedded : []),
      metadata: Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) }),
      header: try originalHeader(), to: output, progress: progress)
  }

  /// The header that the base had; nil where it is unknown.
  ///
  /// - Throws: `FormatError` where it is not a header, of kind `manifest` where it is not that of the base tensors.
  func originalHeader() throws(FormatError) -> [UInt8]? {
    guard let header else { return nil }
    let location = "\(path): tensor \(Checkpoint.headerName)"
    guard header.dtype == .u8 else {
      throw FormatError(.manifest, location, "wrong dtype", expected: "U8", got: header.dtype.rawValue)
    }
    let dataCount = tensors.reduce(0) { $0 + $1.byteCount }
    return try header.withBytes { bytes throws(FormatError) in
      let described = try SafetensorsHeader(validating: bytes, dataCount: dataCount, location: location)
      guard described.dataStart == bytes.count,
        described.tensors.elementsEqual(
          tensors, by: { ($0.name, $0.dtype, $0.shape) == ($1.name, $1.dtype, $1.shape) })
      else { throw FormatError(.manifest, location, "is not the header of the base tensors") }
      return Array(bytes)
    }
  }
}
