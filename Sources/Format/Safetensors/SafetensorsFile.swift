import Foundation

/// Writes safetensors files.
package enum SafetensorsFile {
  /// The bytes of a computed tensor that are written between two reports of progress.
  private static let partSize = 8 << 20

  /// Writes tensors and metadata to a file, which appears whole or not at all and replaces any old one.
  ///
  /// Tensors that lie one behind the other in a mapped file are copied together, without passing through the process
  /// where the system can.
  /// - Parameters:
  ///   - header: the header's bytes, taken as they are; nil makes a new header.
  ///   - progress: called with the bytes written so far and in all.
  /// - Throws: `FormatError` of kind `unwritable`, of kind `unreadable` where a source changes meanwhile, or of the kind
  ///   that a reader would give.
  package static func write(
    _ tensors: [Tensor], metadata: [ByteString: ByteString], header: [UInt8]? = nil, to output: String,
    progress: ((Int, Int) -> Void)? = nil
  ) throws(FormatError) {
    try prepare(tensors, metadata: metadata, header: header, for: output, progress: progress).commit()
  }

  /// Writes and checks the file of `write` under a temporary name; it is on the disk once it has its own.
  ///
  /// - Parameter early: a file for the same output with the first tensors, as many as lie one behind the other; its
  ///   source has not changed since, or the file is refused.
  /// - Throws: `FormatError` as `write` does.
  static func prepare(
    _ tensors: [Tensor], metadata: [ByteString: ByteString], header given: [UInt8]? = nil, for output: String,
    early: EarlyCopy? = nil, progress: ((Int, Int) -> Void)? = nil
  ) throws(FormatError) -> PendingFile {
    var header = given ?? []
    if given == nil {
      header = try HeaderWriter.bytes(
        tensors, metadata: metadata, behind: tensors.first?.source?.offset, location: output)
    }
    let total = tensors.reduce(header.count) { $0 + $1.byteCount }
    let first = adjacentTensors(tensors[...])
    let copied = early?.take(behind: header.count, count: first.reduce(0) { $0 + $1.byteCount })
    let file = if let copied { copied } else { try PendingFile(at: output) }
    try file.resize(to: total)
    var written = 0
    func report(_ count: Int) {
      written += count
      if count > 0 { progress?(written, total) }
    }
    try append(Tensor(name: "header", bytes: header), to: file, report: report)
    var rest = tensors[...]
    if copied != nil {
      try skip(first, of: file)
      rest = rest.dropFirst(first.count)
    }
    while let first = rest.first {
      let adjacent = adjacentTensors(rest)
      if adjacent.isEmpty {
        try append(first, to: file, report: report)
      } else {
        try copy(adjacent, to: file, report: report)
      }
      rest = rest.dropFirst(max(1, adjacent.count))
    }
    file.synchronize()
    try check(file, byteCount: total)
    return file
  }

  private static func check(_ file: PendingFile, byteCount: Int) throws(FormatError) {
    let written = try file.mapped()
    guard written.count == byteCount else {
      throw FormatError(
        .unwritable, file.output, "came out in another length", expected: "\(byteCount) bytes",
        got: "\(written.count)")
    }
    _ = try written.withBytes { bytes throws(FormatError) in
      try SafetensorsHeader(validating: bytes, location: file.output)
    }
  }

  /// The longest prefix of tensors that lie one behind the other in one file.
  static func adjacentTensors(_ tensors: ArraySlice<Tensor>) -> ArraySlice<Tensor> {
    guard let first = tensors.first?.source else { return [] }
    var end = first.offset
    return tensors.prefix { tensor in
      guard let source = tensor.source, source.file === first.file, source.offset == end else { return false }
      end += tensor.byteCount
      return true
    }
  }

  /// - Parameter tensors: one behind the other in one file, at least one.
  private static func copy(
    _ tensors: ArraySlice<Tensor>, to file: PendingFile, report: (Int) -> Void
  ) throws(FormatError) {
    let (source, offset) = tensors.first!.source!
    let count = tensors.reduce(0) { $0 + $1.byteCount }
    do throws(FileCopy.Failure) {
      var copy = FileCopy(from: source.descriptor, to: file.descriptor)
      try copy.copy(count, from: offset, to: file.count, progress: report)
    } catch {
      throw error.isOfSource
        ? FormatError(.unreadable, source.path, error.text) : FormatError(.unwritable, file.output, error.text)
    }
    try skip(tensors, of: file)
  }

  /// Counts tensors that were copied, one behind the other in a file that has not changed meanwhile.
  private static func skip(_ tensors: ArraySlice<Tensor>, of file: PendingFile) throws(FormatError) {
    if let source = tensors.first?.source?.file, !source.isUnchanged {
      throw FormatError(.unreadable, source.path, "was changed while it was read")
    }
    file.skip(tensors.reduce(0) { $0 + $1.byteCount })
  }

  private static func append(
    _ tensor: Tensor, to file: PendingFile, report: (Int) -> Void
  ) throws(FormatError) {
    try tensor.withBytes { bytes throws(FormatError) in
      for start in stride(from: 0, to: bytes.count, by: partSize) {
        let part = bytes[start..<min(start + partSize, bytes.count)]
        try file.append(UnsafeRawBufferPointer(rebasing: part))
        report(part.count)
      }
    }
  }
}
