import Testing

@testable import Format

/// The grammar of RFC 8259 byte by byte, strings in particular.
@Suite struct JSONGrammarTests {
  static func problem(_ bytes: [UInt8]) -> String? {
    do {
      _ = try JSONDocument(bytes, location: "t")
      return nil
    } catch {
      return error.kind == .json ? error.problem : "\(error.kind)"
    }
  }

  static func parse(_ text: String) throws(FormatError) -> JSONValue {
    try JSONDocument(Array(text.utf8), location: "t").root
  }

  /// No text that is cut is valid, and none is read beyond its end.
  @Test func refusesEveryTruncation() {
    let text = Array(#"{"a\u00e9\ud83d\ude00":[-1.5e+3,true,null,"é😀"],"b":{}}"#.utf8)
    #expect(Self.problem(text) == nil)
    for count in 0..<text.count { #expect(Self.problem(Array(text[..<count])) != nil, "\(count) bytes") }
  }

  @Test(arguments: ["0", "-1", "10", "0.5", "1e5", "1E+5", "1.25e-7", "-0.0e0", "123456789012345678901234567890"])
  func acceptsNumbers(_ text: String) throws {
    #expect(try Self.parse(text).numberText == text)
    #expect(try Self.parse("[\(text) ]").elements[0].double == Double(text))
  }

  @Test(arguments: [
    "00", "-01", "-", "--1", "+1", ".5", "1.", "1.e1", "1e", "1e+", "1e1.5", "0x10", "1_000", "Infinity", "-Infinity",
    "１",
    "1d", "1 .5",
  ])
  func refusesNumbers(_ text: String) { #expect(Self.problem(Array(text.utf8)) != nil) }

  @Test(arguments: [
    "[1 2]", "[,1]", "[1,,2]", "]", "}", "[}", "{]", "{1:2}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{\"a\":1,}",
    "{null:1}",
    "[1]]", "True", "nulll", "// c\n1", "/* c */1", "\u{FEFF}1", "\u{A0}1", "\u{B}1", "\"a\nb\"", "\"\t\"", #"'"'"#,
  ])
  func refusesStructures(_ text: String) { #expect(Self.problem(Array(text.utf8)) != nil) }

  @Test func resolvesEscapes() throws {
    #expect(try Self.parse(#""\"\\\/\b\f\n\r\t""#).stringBytes == [0x22, 0x5C, 0x2F, 0x08, 0x0C, 0x0A, 0x0D, 0x09])
    #expect(try Self.parse(#""\u0000\u00e9\u20AC\uD834\udd1e""#).string == "\u{0}\u{E9}\u{20AC}\u{1D11E}")
    #expect(try Self.parse(#""\udbff\udfff\ud800\udc00""#).string == "\u{10FFFF}\u{10000}")
    #expect(try Self.parse(#""\\u0041\\\u0041""#).string == #"\u0041\A"#)
  }

  @Test(arguments: [
    #""\a""#, #""\U0041""#, #""\u""#, #""\u004""#, #""\u004g""#, #""\u+041""#, #""\ud800""#, #""\udc00\ud800""#,
    #""\ud800\u0041""#, #""\ud800\ud800""#, #""\ud800\n""#, #""\""#, "\"\\",
  ])
  func refusesEscapes(_ text: String) { #expect(Self.problem(Array(text.utf8)) != nil) }

  /// Accepts the same sequences of one to four bytes as the standard library's decoder.
  @Test func acceptsExactlyUTF8() {
    let edges: [UInt8] = [0x20, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xFF]
    for lead in UInt8(0x80)...0xFF {
      for second in edges {
        for third in edges {
          for bytes in [[lead], [lead, second], [lead, second, third], [lead, second, third, 0x80]] {
            let isValid = String(validating: bytes, as: UTF8.self) != nil
            #expect((Self.problem([0x22] + bytes + [0x22]) == nil) == isValid, "\(bytes)")
          }
        }
      }
    }
  }

  @Test(arguments: [
    #"{"a":1,"b":2,"a":3}"#, #"{"x":{"a":1,"a":1}}"#, #"[{"a":1,"\u0061":1}]"#, #"{"/":1,"\/":1}"#, #"{"":1,"":1}"#,
    #"{"\ud83d\ude00":1,"😀":1}"#,
  ])
  func refusesDuplicateKeys(_ text: String) {
    #expect(Self.problem(Array(text.utf8))?.contains("stands twice") == true)
  }

  @Test func findsADuplicateAmongManyKeys() {
    let keys = (0..<20_000).map { "\"k\($0)\":0" }
    #expect(Self.problem(Array("{\(keys.joined(separator: ","))}".utf8)) == nil)
    #expect(Self.problem(Array("{\(keys.joined(separator: ",")),\"k7\":0}".utf8))?.contains("\"k7\"") == true)
  }

  @Test(arguments: ["[", "{\"a\":", "[{\"a\":"])
  func refusesDepthWithoutExhaustingTheStack(_ opening: String) {
    let text = String(repeating: opening, count: 100_000)
    #expect(Self.problem(Array(text.utf8))?.contains("nested deeper") == true)
  }

  @Test func errorsSayWhere() {
    #expect(Self.problem(Array("[1,x]".utf8)) == "not valid JSON: unexpected byte 0x78 at byte 3")
    #expect(Self.problem(Array("{\"a\":1,\"a\":2}".utf8)) == "not valid JSON: the key \"a\" stands twice at byte 8")
    let place = "not valid JSON: unexpected byte 0x78 at byte 12, line 2, column 9"
    #expect(Self.problem(Array("[\n  \"\u{e9}e\u{e9}\",x]".utf8)) == place)
    #expect(Self.problem([0x22, 0x61, 0xFF, 0x22]) == "not valid JSON: not UTF-8 at byte 2")
  }

  /// Any string reads back as it was written, and no control character is written unescaped.
  @Test func stringsRoundTrip() throws {
    let scalars = (0..<0x180).compactMap(Unicode.Scalar.init) + ["\u{2028}", "\u{FFFF}", "\u{1F600}", "\u{10FFFF}"]
    for scalar in scalars {
      let node = JSONNode.object([("k\(scalar)", .string("\(scalar)v"))])
      let root = try JSONDocument(node.bytes(), location: "t").root
      #expect(root["k\(scalar)"]?.stringBytes == Array("\(scalar)v".utf8), "U+\(String(scalar.value, radix: 16))")
      #expect(node.bytes().allSatisfy { $0 >= 0x20 && $0 != 0x7F })
    }
  }

  @Test func numbersRoundTrip() throws {
    for value in [0.0, -0.0, 0.1, 1e21, 1e-7, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 123456.75] {
      let text = JSONNode.double(value).text()
      #expect(try Self.parse(text).double?.bitPattern == value.bitPattern, "\(text)")
    }
    for value in [Float(0.1), .leastNonzeroMagnitude, .greatestFiniteMagnitude, 16777216, 1e10] {
      let text = JSONNode.float(value).text()
      #expect(try Self.parse(text).double.map(Float.init) == value, "\(text)")
    }
    #expect(JSONNode.array([.int(.min), .int(.max)]).text() == "[-9223372036854775808,9223372036854775807]")
    // A number keeps its spelling.
    #expect(JSONNode(try Self.parse("[1.0,1e2,-0]")).text() == "[1.0,1e2,-0]")
  }

  @Test func prettyBytes() {
    let node: JSONNode = ["a": [1, ["b": .null]], "c": [], "d": [:]]
    let expected = """
      {
        "a": [
          1,
          {
            "b": null
          }
        ],
        "c": [],
        "d": {}
      }
      """
    #expect(node.text(pretty: true) == expected)
  }

  @Test func locationsNameThePath() throws {
    let root = try Self.parse(#"{"a":[{"b c":[0,1]}]}"#)
    #expect(root["a"]?.elements[0]["b c"]?.elements[1].location == "t: a[0].b c[1]")
    #expect(root.members[0].value.elements[0].members[0].value.location == "t: a[0].b c")
  }
}
