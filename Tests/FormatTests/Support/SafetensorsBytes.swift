@testable import Format

/// Safetensors files of a few bytes, valid or not.
enum SafetensorsBytes {
  /// A header of one F32 tensor of 8 bytes.
  static let oneTensor = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#

  /// A whole file with that header and `data` zeros behind it.
  static func file(_ header: String, data: Int = 0) -> [UInt8] {
    file(text: Array(header.utf8)) + [UInt8](repeating: 0, count: data)
  }

  /// The length of a header and its text.
  static func file(text: [UInt8]) -> [UInt8] {
    withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
  }

  static func header(_ bytes: [UInt8]) throws(FormatError) -> SafetensorsHeader {
    try bytes.withRawBytes { bytes throws(FormatError) in try SafetensorsHeader(validating: bytes, location: "f") }
  }

  /// The kind of the error that a file's header gives; nil where it is valid.
  static func errorKind(_ bytes: [UInt8]) -> FormatError.Kind? {
    do {
      _ = try header(bytes)
      return nil
    } catch {
      return error.kind
    }
  }
}
