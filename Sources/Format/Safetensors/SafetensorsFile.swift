import Foundation

/// Writing a safetensors file.
package enum SafetensorsFile {
  /// Writes tensors and metadata to a file, which appears whole or not at all and replaces what is there.
  ///
  /// Tensors that lie one behind the other in a mapped file are copied together, without passing through the process
  /// where the system can.
  /// - Parameter header: the bytes to take as they are instead of a new header.
  /// - Throws: `FormatError` of kind `unwritable`, `headerTooLarge`, or where a tensor cannot be read.
  package static func write(
    _ tensors: [Tensor], metadata: [ByteString: ByteString], header: [UInt8]? = nil, to output: String,
    progress: ((Int, Int) -> Void)? = nil
  ) throws(FormatError) {
    try prepare(tensors, metadata: metadata, header: header, for: output, progress: progress).commit()
  }

  /// Writes the file as `write` does, syncs and checks it, and leaves the renaming to the caller.
  static func prepare(
    _ tensors: [Tensor], metadata: [ByteString: ByteString], header given: [UInt8]? = nil, for output: String,
    progress: ((Int, Int) -> Void)? = nil
  ) throws(FormatError) -> PendingFile {
    var header = given ?? []
    if given == nil {
      header = try HeaderWriter.bytes(
        tensors, metadata: metadata, behind: tensors.first?.source?.offset, location: output)
    }
    let total = tensors.reduce(header.count) { $0 + $1.byteCount }
    let file = try PendingFile(at: output)
    try file.resize(to: total)
    var told = 0
    func tell(_ count: Int) {
      told += count
      if count > 0 { progress?(told, total) }
    }
    try append(Tensor(name: "header", bytes: header), to: file, output: output, tell: tell)
    var first = 0
    while first < tensors.count {
      let count = run(tensors[first...])
      if count > 0 {
        try copy(tensors[first..<(first + count)], to: file, output: output, tell: tell)
      } else {
        try append(tensors[first], to: file, output: output, tell: tell)
      }
      first += max(1, count)
    }
    try file.synchronize()
    try check(file, byteCount: total)
    return file
  }

  private static func check(_ file: PendingFile, byteCount: Int) throws(FormatError) {
    let written = try file.mapped()
    guard written.count == byteCount else {
      throw FormatError(
        .unwritable, file.output, "came out in another length", expected: "\(byteCount) bytes", got: "\(written.count)")
    }
    _ = try written.withBytes { bytes throws(FormatError) in
      try SafetensorsHeader(validating: bytes, location: file.output)
    }
  }

  /// How many of the first tensors lie one behind the other in one file.
  private static func run(_ tensors: ArraySlice<Tensor>) -> Int {
    guard let first = tensors.first?.source else { return 0 }
    var end = first.offset
    let beyond = tensors.firstIndex { tensor in
      guard let source = tensor.source, source.file === first.file, source.offset == end else { return true }
      end += tensor.byteCount
      return false
    }
    return (beyond ?? tensors.endIndex) - tensors.startIndex
  }

  private static func copy(
    _ tensors: ArraySlice<Tensor>, to file: PendingFile, output: String, tell: (Int) -> Void
  ) throws(FormatError) {
    let (source, offset) = tensors.first!.source!
    let count = tensors.reduce(0) { $0 + $1.byteCount }
    do {
      var copy = FileCopy(from: source.descriptor, to: file.descriptor)
      try copy.copy(count, from: offset, to: file.count, progress: tell)
    } catch {
      throw FormatError(
        error.isOfSource ? .unreadable : .unwritable, error.isOfSource ? source.path : output, error.text)
    }
    guard source.isUnchanged else { throw FormatError(.unreadable, source.path, "was changed while it was read") }
    file.pass(over: count)
  }

  private static func append(
    _ tensor: Tensor, to file: PendingFile, output: String, tell: (Int) -> Void
  ) throws(FormatError) {
    do {
      try tensor.withBytes { bytes in
        guard bytes.count == tensor.byteCount else {
          throw FormatError(
            .unreadable, "\(output): tensor \(tensor.name)", "changed its size while being written")
        }
        for start in stride(from: 0, to: bytes.count, by: 8 << 20) {
          let part = bytes[start..<min(start + 8 << 20, bytes.count)]
          try file.append(UnsafeRawBufferPointer(rebasing: part))
          tell(part.count)
        }
      }
    } catch let error as FormatError {
      throw error
    } catch {
      throw FormatError(.unwritable, output, "\(error)")
    }
  }
}
