import Testing

@testable import Format

/// Reading values and writing them canonically.
@Suite struct JSONTests {
  static func parse(_ text: String) throws(FormatError) -> JSONValue {
    try JSONDocument(Array(text.utf8), location: "t").root
  }

  @Test(arguments: [
    "", " ", "tru", "nul", "01", "-", "1.", ".5", "1e", "+1", "[1,]", "{,}", "{\"a\"}", "{\"a\":}", "[", "\"",
    "\"\u{1}\"",
    #""\x""#, #""\u12""#, #""\udc00""#, #""\ud800x""#, "NaN", "1 2", "'a'", #"{"a":1,"a":2}"#, #"{"a":1,"\u0061":2}"#,
  ])
  func refuses(_ text: String) {
    #expect { try Self.parse(text) } throws: { ($0 as? FormatError)?.kind == .json }
  }

  @Test func readsValues() throws {
    let root = try Self.parse(#" {"a":[1,-2,3.5,1e3,true,false,null],"b":"x\n\u00e9\ud83d\ude00\/","c":{"d":{}}} "#)
    let list = try #require(root["a"]).elements
    #expect(list.map(\.int) == [1, -2, nil, nil, nil, nil, nil])
    #expect(list[2].double == 3.5 && list[3].double == 1000)
    #expect(list[4].bool == true && list[5].bool == false && list[6].isNull)
    #expect(root["b"]?.string == "x\né😀/")
    #expect(root["c"]?["d"]?.count == 0)
    #expect(root["c"]?["d"]?.location == "t: c.d")
    #expect(root["x"] == nil)
  }

  @Test(arguments: ["2.0", "2e0", "-0", "9223372036854775808", "-9223372036854775809"])
  func isNoInteger(_ text: String) throws {
    #expect(try Self.parse(text).int == nil)
  }

  @Test func readsTheLimits() throws {
    #expect(try Self.parse("9223372036854775807").int == .max)
    #expect(try Self.parse("-9223372036854775808").int == .min)
    let deepest = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
    _ = try Self.parse(deepest)
    #expect(throws: FormatError.self) { try Self.parse("[\(deepest)]") }
  }

  @Test func writesCanonically() throws {
    let node: JSONNode = [
      "z": .string("a\"\\\n\t\u{1}\u{7F}é"), "a": [1, .double(0.5), .float(0.1), .bool(true), .null, .double(.nan)],
      "e": [], "o": [:],
    ]
    let text = "{\"z\":\"a\\\"\\\\\\n\\t\\u0001\\u007fé\",\"a\":[1,0.5,0.1,true,null,null],\"e\":[],\"o\":{}}"
    #expect(node.text() == text)
    #expect(JSONNode(try Self.parse(text)).text() == text)
    #expect(JSONNode(try Self.parse(node.text(pretty: true))).text() == text)
  }

  @Test func keepsEquivalentKeysApart() throws {
    let root = try Self.parse("{\"\u{E9}\":1,\"e\u{301}\":2}")
    #expect(root["\u{E9}"]?.int == 1)
    #expect(root["e\u{301}"]?.int == 2)
  }
}
