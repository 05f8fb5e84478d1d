/// Safetensors files that are no checkpoint.
public enum TensorFile {
  /// Writes tensors and metadata to a file, which appears whole or not at all and replaces what is there.
  ///
  /// - Throws: `FormatError` of kind `unwritable`.
  public static func write(
    _ tensors: [Tensor], metadata: [String: String], to path: String
  ) throws(FormatError) {
    let entries = metadata.map { (ByteString($0.key), ByteString($0.value)) }
    try SafetensorsFile.write(
      tensors, metadata: Dictionary(uniqueKeysWithValues: entries), to: path, progress: nil)
  }
}
