/// A JSON value to be written, with its object keys in a chosen order.
public indirect enum JSONNode: Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral,
  ExpressibleByFloatLiteral
{
  case null
  case bool(Bool)
  case int(Int)
  case double(Double)
  /// A 32-bit float, written as its shortest decimal that reads back the same.
  case float(Float)
  /// A number as another text spelled it.
  case number(String)
  case string(String)
  case array([JSONNode])
  case object([(String, JSONNode)])

  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int) { self = .int(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(floatLiteral value: Double) { self = .double(value) }
  public init(arrayLiteral elements: JSONNode...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSONNode)...) { self = .object(elements) }

  /// A parsed value, with keys in the order of its text.
  public init(_ value: JSONValue) {
    if let bool = value.bool {
      self = .bool(bool)
    } else if let text = value.numberText {
      self = .number(text)
    } else if let string = value.string {
      self = .string(string)
    } else if value.isArray {
      self = .array(value.elements.map(JSONNode.init))
    } else if value.isObject {
      self = .object(value.members.map { ($0.key.description, JSONNode($0.value)) })
    } else {
      self = .null
    }
  }

  /// The value as UTF-8, the same bytes everywhere; numbers that JSON cannot hold become null.
  ///
  /// - Parameter pretty: writes one member per line, indented by two spaces per level, instead of no white space.
  public func bytes(pretty: Bool = false) -> [UInt8] {
    var output: [UInt8] = []
    write(to: &output, indent: pretty ? 0 : nil)
    return output
  }

  /// The text of `bytes(pretty:)`.
  public func text(pretty: Bool = false) -> String { String(decoding: bytes(pretty: pretty), as: UTF8.self) }

  private func write(to output: inout [UInt8], indent: Int?) {
    switch self {
    case .null: output.append(contentsOf: "null".utf8)
    case .bool(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
    case .int(let value): output.append(contentsOf: String(value).utf8)
    case .double(let value): output.append(contentsOf: (value.isFinite ? "\(value)" : "null").utf8)
    case .float(let value): output.append(contentsOf: (value.isFinite ? "\(value)" : "null").utf8)
    case .number(let text): output.append(contentsOf: text.utf8)
    case .string(let value): Self.writeString(value, to: &output)
    case .array(let elements):
      Self.writeList(elements, brackets: ("[", "]"), to: &output, indent: indent) { element, output, indent in
        element.write(to: &output, indent: indent)
      }
    case .object(let members):
      Self.writeList(members, brackets: ("{", "}"), to: &output, indent: indent) { member, output, indent in
        Self.writeString(member.0, to: &output)
        output.append(contentsOf: (indent == nil ? ":" : ": ").utf8)
        member.1.write(to: &output, indent: indent)
      }
    }
  }

  private static func writeList<Element>(
    _ list: [Element], brackets: (String, String), to output: inout [UInt8], indent: Int?,
    _ body: (Element, inout [UInt8], Int?) -> Void
  ) {
    output.append(contentsOf: brackets.0.utf8)
    for (i, element) in list.enumerated() {
      if i > 0 { output.append(UInt8(ascii: ",")) }
      if let indent { newline(indent + 1, to: &output) }
      body(element, &output, indent.map { $0 + 1 })
    }
    if let indent, !list.isEmpty { newline(indent, to: &output) }
    output.append(contentsOf: brackets.1.utf8)
  }

  private static func newline(_ indent: Int, to output: inout [UInt8]) {
    output.append(0x0A)
    output.append(contentsOf: repeatElement(0x20, count: 2 * indent))
  }

  private static func writeString(_ string: String, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    for byte in string.utf8 {
      switch byte {
      case UInt8(ascii: "\""): output.append(contentsOf: "\\\"".utf8)
      case UInt8(ascii: "\\"): output.append(contentsOf: "\\\\".utf8)
      case 0x0A: output.append(contentsOf: "\\n".utf8)
      case 0x0D: output.append(contentsOf: "\\r".utf8)
      case 0x09: output.append(contentsOf: "\\t".utf8)
      case 0..<0x20, 0x7F:
        let hex = String(byte, radix: 16)
        output.append(contentsOf: "\\u".utf8)
        output.append(contentsOf: repeatElement(0x30, count: 4 - hex.utf8.count))
        output.append(contentsOf: hex.utf8)
      default: output.append(byte)
      }
    }
    output.append(UInt8(ascii: "\""))
  }
}

extension JSONNode {
  /// An object with further members at its end.
  package func adding(_ more: [(String, JSONNode)]) -> JSONNode {
    guard case .object(let members) = self else { return self }
    return .object(members + more)
  }
}
