import Testing

@testable import Format

/// The order of the header's rules, the content of accepted headers, and the rules that are stricter than other readers'.
@Suite struct HeaderStrictnessTests {
  static func kind(_ header: String, data: Int = 0) -> FormatError.Kind? {
    SafetensorsBytes.errorKind(SafetensorsBytes.file(header, data: data))
  }

  static func entry(_ name: String, _ dtype: String, _ shape: String, _ offsets: String) -> String {
    #""\#(name)":{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}"#
  }

  /// A spec or a page in a checkpoint's place.
  @Test func aTextIsToldAsOne() throws {
    func error(_ text: String) throws -> String {
      try "\(#require(#expect(throws: FormatError.self) { _ = try SafetensorsBytes.header(Array(text.utf8)) }))"
    }
    #expect(
      try error("{\n  \"memories\": []}").hasSuffix(
        #"not safetensors but a text, expected a checkpoint, got "{\n  "mem…""#))
    #expect(try error("<!DOCTYPE html>").contains("not safetensors but a text"))
    #expect(try error("{é\u{1}  abcdef").contains("a header that is too long"))
  }

  /// Each header breaks a rule and all later ones; the first one counts.
  @Test func theFirstBrokenRuleCounts() {
    let late = "{\(Self.entry("a", "F4", "[3]", "[0,9]"))}"
    #expect(SafetensorsBytes.errorKind([0, 0, 0, 0, 0, 0, 0]) == .headerTooSmall)
    #expect(SafetensorsBytes.errorKind([UInt8](repeating: 0xFF, count: 8) + Array("[".utf8)) == .headerTooLarge)
    #expect(SafetensorsBytes.errorKind([9, 0, 0, 0, 0, 0, 0, 0] + Array("[".utf8)) == .invalidHeaderLength)
    #expect(
      SafetensorsBytes.errorKind(SafetensorsBytes.file(text: [0x7B, 0xFF] + Array("]".utf8)))
        == .invalidHeaderDeserialization)
    #expect(
      SafetensorsBytes.errorKind(SafetensorsBytes.file(text: Array("{\"".utf8) + [0xFF, 0x5D])) == .invalidHeader)
    #expect(Self.kind("{\(Self.entry("a", "F4", "[3]", "[9,0]"))}") == .invalidOffset)
    #expect(Self.kind("{\(Self.entry("a", "F4", "[3]", "[1,9]"))}") == .invalidOffset)
    #expect(Self.kind(late) == .misalignedSlice)
    #expect(Self.kind("{\(Self.entry("a", "F4", "[4]", "[0,9]"))}") == .tensorInvalidInfo)
    #expect(Self.kind("{\(Self.entry("a", "F4", "[4]", "[0,2]"))}") == .metadataIncompleteBuffer)
    #expect(Self.kind("{\(Self.entry("a", "F4", "[4]", "[0,2]"))}", data: 2) == nil)
  }

  /// The kind of the error says which part of a file is cut.
  @Test func everyTruncationHasItsKind() {
    let whole = SafetensorsBytes.file(SafetensorsBytes.oneTensor, data: 8)
    let dataStart = whole.count - 8
    for count in 0..<whole.count {
      let expected: FormatError.Kind =
        count < 8 ? .headerTooSmall : count < dataStart ? .invalidHeaderLength : .metadataIncompleteBuffer
      #expect(SafetensorsBytes.errorKind(Array(whole[..<count])) == expected, "\(count) bytes")
    }
    // A length that is too small cuts the JSON.
    for length in 1..<(dataStart - 8) {
      let bytes = [UInt8(length), 0, 0, 0, 0, 0, 0, 0] + Array(whole[8...])
      #expect(SafetensorsBytes.errorKind(bytes) == .invalidHeaderDeserialization, "length \(length)")
    }
  }

  static let encodings: [(String, [UInt8], FormatError.Kind)] = [
    ("UTF-8 mark", [0xEF, 0xBB, 0xBF, 0x7B, 0x7D], .invalidHeader),
    ("UTF-16", [0xFF, 0xFE, 0x7B, 0x00, 0x7D, 0x00], .invalidHeader),
    ("UTF-16 without a mark", [0x7B, 0x00, 0x7D, 0x00], .invalidHeaderDeserialization),
    ("overlong slash", Array(#"{"__metadata__":{"k":""#.utf8) + [0xC0, 0xAF] + Array(#""}}"#.utf8), .invalidHeader),
    ("surrogate", Array(#"{"__metadata__":{"k":""#.utf8) + [0xED, 0xA0, 0x80] + Array(#""}}"#.utf8), .invalidHeader),
    (
      "past the end", Array(#"{"__metadata__":{""#.utf8) + [0xF4, 0x90, 0x80, 0x80] + Array(#"":""}}"#.utf8),
      .invalidHeader
    ),
    ("NUL padding", Array("{}".utf8) + [0, 0], .invalidHeaderDeserialization),
    ("form feed padding", Array("{}".utf8) + [0x0C], .invalidHeaderDeserialization),
    ("a pointer file", Array("version https://example.invalid/spec/v1\n".utf8), .invalidHeader),
  ]

  @Test(arguments: encodings)
  func refusesEncodings(_ name: String, _ text: [UInt8], _ kind: FormatError.Kind) {
    #expect(SafetensorsBytes.errorKind(SafetensorsBytes.file(text: text)) == kind, "\(name)")
  }

  /// The name that an error quotes does not decide its kind.
  @Test(arguments: ["a", "UTF-8", "not UTF-8", "__metadata__", "é"])
  func duplicateNames(_ name: String) {
    let entry = name == "__metadata__" ? #""__metadata__":{}"# : Self.entry(name, "U8", "[0]", "[0,0]")
    #expect(Self.kind("{\(entry),\(entry)}") == .duplicateName)
  }

  @Test func aNameEscapedTwoWaysIsADuplicate() {
    let (plain, escaped) = (Self.entry("ab", "U8", "[0]", "[0,0]"), Self.entry(#"a\u0062"#, "U8", "[0]", "[0,0]"))
    #expect(Self.kind("{\(plain),\(escaped)}") == .duplicateName)
    #expect(Self.kind(#"{"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#) == .duplicateName)
  }

  /// Three tensors of two bytes at each of their offsets.
  @Test(arguments: [
    ("[0,2]", "[2,4]", "[4,6]", 6, nil), ("[4,6]", "[0,2]", "[2,4]", 6, nil),
    ("[0,2]", "[3,5]", "[5,7]", 7, FormatError.Kind.invalidOffset), ("[0,2]", "[2,4]", "[5,7]", 7, .invalidOffset),
    ("[1,3]", "[3,5]", "[5,7]", 7, .invalidOffset), ("[0,2]", "[0,2]", "[2,4]", 4, .invalidOffset),
    ("[0,2]", "[1,3]", "[3,5]", 5, .invalidOffset), ("[0,2]", "[4,2]", "[4,6]", 6, .invalidOffset),
    ("[0,2]", "[2,4]", "[4,6]", 7, .metadataIncompleteBuffer),
  ])
  func layouts(_ a: String, _ b: String, _ c: String, _ data: Int, _ kind: FormatError.Kind?) {
    let entries = [("a", a), ("b", b), ("c", c)].map { Self.entry($0, "BF16", "[1]", $1) }
    #expect(Self.kind("{\(entries.joined(separator: ","))}", data: data) == kind)
  }

  static let numbers = [
    "-1", "-0", "2.0", "2e0", "2E0", "\"2\"", "18446744073709551616", "9223372036854775808", "true", "null", "[2]",
  ]

  @Test(arguments: numbers)
  func refusesNumbersEverywhere(_ number: String) {
    #expect(Self.kind("{\(Self.entry("a", "U8", "[\(number)]", "[0,2]"))}", data: 2) == .invalidHeaderDeserialization)
    #expect(Self.kind("{\(Self.entry("a", "U8", "[2]", "[\(number),2]"))}", data: 2) == .invalidHeaderDeserialization)
    #expect(Self.kind("{\(Self.entry("a", "U8", "[2]", "[0,\(number)]"))}", data: 2) == .invalidHeaderDeserialization)
  }

  @Test(arguments: ["1", "\"x\"", "[]", "true", #"{"k":null}"#, #"{"k":{}}"#, #"{"k":["v"]}"#])
  func refusesMetadata(_ value: String) {
    #expect(Self.kind("{\"__metadata__\":\(value)}") == .invalidHeaderDeserialization)
  }

  /// A zero hides an overflow behind it, as in the reference validator; the size is right all the same.
  @Test func overflows() throws {
    let (big, top) = ("4294967296", "9223372036854775807")
    for shape in ["[\(big),\(big)]", "[\(big),\(big),0]", "[\(top),2]", "[2,\(top)]", "[\(top)]"] {
      #expect(Self.kind("{\(Self.entry("a", "F32", shape, "[0,0]"))}") == .validationOverflow, "\(shape)")
    }
    let hidden = SafetensorsBytes.file("{\(Self.entry("a", "F32", "[0,\(big),\(big)]", "[0,0]"))}")
    let tensor = try SafetensorsBytes.header(hidden).tensors[0]
    #expect(tensor.range.isEmpty && tensor.shape.reduce(1, *) == 0)
  }

  @Test(arguments: Dtype.allCases)
  func sizesOfDtypes(_ dtype: Dtype) throws {
    #expect(try SafetensorsHeader.byteCount([], .u8, location: "f") == 1)
    #expect(try SafetensorsHeader.byteCount([8, 3], dtype, location: "f") == 3 * dtype.bits)
    #expect(try SafetensorsHeader.byteCount([3, 0], dtype, location: "f") == 0)
    let odd = Self.kind("{\(Self.entry("a", dtype.rawValue, "[]", "[0,\(dtype.bits / 8)]"))}", data: dtype.bits / 8)
    #expect(odd == (dtype.bits % 8 == 0 ? nil : .misalignedSlice))
  }

  @Test func readsAnUnusualHeader() throws {
    let tensors = [
      Self.entry("z", "F32", "[1]", "[1,5]"), Self.entry(#"a\u0000b"#, "U8", "[]", "[0,1]"),
      Self.entry("", "F16", "[0,7]", "[5,5]"), Self.entry(#"..\/x"#, "BOOL", "[2,1]", "[5,7]"),
    ]
    let text = " \t\n\r{" + #""__metadata__":{"b":"2","a":"é\n"},"# + tensors.joined(separator: ",") + "}\n\t "
    let header = try SafetensorsBytes.header(SafetensorsBytes.file(text, data: 7))
    #expect(header.tensors.map(\.name) == [ByteString([0x61, 0, 0x62]), "z", "", "../x"])
    #expect(header.tensors.map(\.shape) == [[], [1], [0, 7], [2, 1]])
    #expect(header.tensors.map(\.dtype) == [.u8, .f32, .f16, .bool])
    #expect(header.tensors.map(\.range) == [0..<1, 1..<5, 5..<5, 5..<7])
    #expect(header.dataStart == 8 + text.utf8.count)
    let metadata = try #require(header.metadata)
    #expect(metadata.map(\.key) == ["a", "b"] && metadata.map(\.value) == ["é\n", "2"])
  }

  @Test func noMetadataDiffersFromEmptyMetadata() throws {
    #expect(try SafetensorsBytes.header(SafetensorsBytes.file("{}")).metadata == nil)
    #expect(try SafetensorsBytes.header(SafetensorsBytes.file(#"{"__metadata__":null}"#)).metadata == nil)
    #expect(
      try SafetensorsBytes.header(SafetensorsBytes.file(#"{"__metadata__":{}}"#)).metadata?.isEmpty == true)
  }

  /// An error is one line, whatever names the file has inside.
  @Test func errorsAreOneLine() {
    let name = #"\u001b[31m\n\u2028"# + String(repeating: "x", count: 1_000_000)
    #expect {
      try SafetensorsBytes.header(SafetensorsBytes.file("{\(Self.entry(name, "F31", "[]", "[0,0]"))}"))
    } throws: { error in
      let line = "\(error)"
      return line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x2028 } && line.utf8.count < 2500
    }
  }
}
