import Foundation
import Testing

@testable import Format

/// Each rule of the header's validator, with a file of a few bytes.
@Suite struct SafetensorsHeaderTests {
  static let valid: [(String, Int)] = [
    ("{}", 0), (SafetensorsBytes.oneTensor, 8), (SafetensorsBytes.oneTensor + "   ", 8),
    (" \n\t\r" + SafetensorsBytes.oneTensor, 8), (SafetensorsBytes.oneTensor + "\t\n\r ", 8),
    (#"{"__metadata__":{"b":"x","a":"y"},"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}"#, 1),
    (#"{"__metadata__":null}"#, 0), (#"{"__metadata__":{}}"#, 0),
    // Not sorted, F32 at an odd offset, as MLX writes.
    (
      #"{"z":{"dtype":"F32","shape":[1],"data_offsets":[1,5]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, 5
    ),
    (
      #"{"a":{"dtype":"F32","shape":[0,5],"data_offsets":[0,0]},"b":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}"#,
      2
    ),
    (#"{"a":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}}"#, 1),
    // Canonically equivalent names are two names.
    (
      "{\"\u{E9}\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"e\u{301}\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
      2
    ),
  ]

  @Test(arguments: valid)
  func accepts(_ header: String, _ data: Int) throws {
    _ = try SafetensorsBytes.header(SafetensorsBytes.file(header, data: data))
  }

  static func entry(_ fields: String) -> String { "{\"a\":{\(fields)}}" }

  static let invalid: [(String, Int, FormatError.Kind)] = [
    ("[]", 0, .invalidHeader), ("null", 0, .invalidHeader), ("", 0, .invalidHeader), ("\u{FEFF}{}", 0, .invalidHeader),
    ("{}{}", 0, .invalidHeaderDeserialization), ("{}\0", 0, .invalidHeaderDeserialization),
    ("{\"a\":1,}", 0, .invalidHeaderDeserialization), ("{/**/}", 0, .invalidHeaderDeserialization),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}"#, 8,
      .duplicateName
    ),
    (#"{"__metadata__":{"k":"1","k":"2"}}"#, 0, .duplicateName),
    (#"{"a":["F32",[2],[0,8]]}"#, 8, .invalidHeaderDeserialization),
    (entry(#""dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1"#), 8, .invalidHeaderDeserialization),
    (entry(#""dtype":"F32","shape":[2]"#), 8, .invalidHeaderDeserialization),
    (entry(#""dtype":"f32","shape":[2],"data_offsets":[0,8]"#), 8, .invalidHeaderDeserialization),
    (entry(#""dtype":"F128","shape":[2],"data_offsets":[0,8]"#), 8, .invalidHeaderDeserialization),
    (entry(#""dtype":"F32","shape":[-1],"data_offsets":[0,8]"#), 8, .invalidHeaderDeserialization),
    (entry(#""dtype":"F32","shape":[-0],"data_offsets":[0,0]"#), 0, .invalidHeaderDeserialization),
    (entry(#""dtype":"F32","shape":[2.0],"data_offsets":[0,8]"#), 8, .invalidHeaderDeserialization),
    (entry(#""dtype":"F32","shape":[2e0],"data_offsets":[0,8]"#), 8, .invalidHeaderDeserialization),
    (entry(#""dtype":"F32","shape":["2"],"data_offsets":[0,8]"#), 8, .invalidHeaderDeserialization),
    (entry(#""dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,8]"#), 8, .invalidHeaderDeserialization),
    (entry(#""dtype":"F32","shape":[2],"data_offsets":[0]"#), 8, .invalidHeaderDeserialization),
    (entry(#""dtype":"F32","shape":[2],"data_offsets":[0,8,8]"#), 8, .invalidHeaderDeserialization),
    (entry(#""dtype":"F32","shape":[2],"data_offsets":[8,0]"#), 8, .invalidOffset),
    (entry(#""dtype":"F32","shape":[2],"data_offsets":[4,12]"#), 12, .invalidOffset),
    (
      #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#, 3,
      .invalidOffset
    ),
    (entry(#""dtype":"F32","shape":[3],"data_offsets":[0,8]"#), 8, .tensorInvalidInfo),
    (entry(#""dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]"#), 8, .validationOverflow),
    (entry(#""dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]"#), 0, .validationOverflow),
    (entry(#""dtype":"F4","shape":[1],"data_offsets":[0,0]"#), 0, .misalignedSlice),
    (SafetensorsBytes.oneTensor, 9, .metadataIncompleteBuffer),
    (SafetensorsBytes.oneTensor, 7, .metadataIncompleteBuffer),
    (#"{"__metadata__":{"a":1}}"#, 0, .invalidHeaderDeserialization),
    (#"{"__metadata__":[]}"#, 0, .invalidHeaderDeserialization),
    (#"{"\ud800":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, 1, .invalidHeaderDeserialization),
  ]

  @Test(arguments: invalid)
  func refuses(_ header: String, _ data: Int, _ kind: FormatError.Kind) {
    #expect { try SafetensorsBytes.header(SafetensorsBytes.file(header, data: data)) } throws: {
      ($0 as? FormatError)?.kind == kind
    }
  }

  static let lengths: [(UInt64, FormatError.Kind)] = [
    (0, .invalidHeader), (3, .invalidHeaderLength), (100_000_000, .invalidHeaderLength), (100_000_001, .headerTooLarge),
    (1 << 63, .headerTooLarge), (.max, .headerTooLarge),
  ]

  @Test(arguments: lengths)
  func refusesLengths(_ length: UInt64, _ kind: FormatError.Kind) {
    let bytes = withUnsafeBytes(of: length.littleEndian) { Array($0) } + Array("{}".utf8)
    #expect { try SafetensorsBytes.header(bytes) } throws: { ($0 as? FormatError)?.kind == kind }
  }

  @Test func refusesEveryTruncation() {
    let whole = SafetensorsBytes.file(SafetensorsBytes.oneTensor, data: 8)
    for count in 0..<whole.count {
      #expect(throws: FormatError.self) { try SafetensorsBytes.header(Array(whole[..<count])) }
    }
  }

  @Test func refusesBytesThatAreNotUTF8AndDeepNesting() {
    let broken: [UInt8] = [3, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0xFF, 0x7D]
    #expect(throws: FormatError.self) { try SafetensorsBytes.header(broken) }
    let deep = "{\"a\":" + String(repeating: "[", count: 100_000)
    #expect { try SafetensorsBytes.header(SafetensorsBytes.file(deep)) } throws: {
      ($0 as? FormatError)?.kind == .invalidHeaderDeserialization
    }
  }
}
